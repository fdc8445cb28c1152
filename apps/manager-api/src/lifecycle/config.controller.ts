import { Controller, Get, Param, ParseIntPipe, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type AgentRuntimeConfiguration, ServiceError } from '@roost/contracts';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../access/route.decorators';
import { ApiProblems } from '../http/api.decorators';
import { OnBothPorts } from '../http/listeners';
import { ExchangeService } from './exchange.service';

@ApiTags('instances')
@OnBothPorts()
@Controller('agents/:agent_id/config')
export class ConfigController {
  constructor(private readonly exchange: ExchangeService) {}

  @Get()
  @InstanceOnly()
  @ApiOperation({ summary: "The configuration of a running instance's own agent, secrets included" })
  @ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
  @ApiQuery({
    name: 'version',
    required: false,
    description: 'Another version than the current one.',
    schema: { type: 'integer', minimum: 1, example: 2 },
  })
  @ApiOkResponse({
    description: 'For runner instances only; see the internal contracts.',
    schema: { type: 'object' },
  })
  @ApiProblems('version_not_found', 'validation_failed')
  get(
    @CurrentPrincipal() principal: Principal,
    @Param('agent_id') agent_id: string,
    @Query('version', new ParseIntPipe({ optional: true })) version: number | undefined,
  ): Promise<AgentRuntimeConfiguration> {
    return this.exchange.configurationFor(asInstance(principal), agent_id, version ?? null);
  }
}

/** Narrowed by the guard already; said once more for the compiler. */
export function asInstance(principal: Principal): Extract<Principal, { kind: 'instance' }> {
  if (principal.kind !== 'instance') throw new ServiceError('forbidden', 'This is for runner instances.');
  return principal;
}
