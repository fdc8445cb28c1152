import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { IntegrationStatusDto, StopIntegrationQueryDto } from '@roost/contracts/rest';
import { NeedsScope } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { IntegrationsService } from './integrations.service';

@ApiTags('integrations')
@ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
@ApiParam({ name: 'integration_type', description: 'The messenger.', example: 'telegram' })
@ApiProblems('agent_not_found', 'integration_unknown', 'dependency_unavailable')
@Controller('agents/:agent_id/integrations/:integration_type')
export class IntegrationsController {
  constructor(private readonly integrations: IntegrationsService) {}

  @Get('status')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'What an integration is doing' })
  @ApiOkResponse({ type: IntegrationStatusDto })
  status(
    @Param('agent_id') agent_id: string,
    @Param('integration_type') type: string,
  ): Promise<IntegrationStatusDto> {
    return this.integrations.status(agent_id, type);
  }

  @Post('start')
  @HttpCode(HttpStatus.ACCEPTED)
  @NeedsScope('agents:run')
  @ApiIdempotent()
  @ApiOperation({
    summary: 'Connect the agent to a messenger; it stays so over restarts, until it is stopped',
  })
  @ApiAcceptedResponse({ type: IntegrationStatusDto, description: 'It is being connected.' })
  @ApiProblems(
    'integration_not_configured',
    'integration_token_required',
    'integration_conflict',
    'integration_failed',
  )
  start(
    @Param('agent_id') agent_id: string,
    @Param('integration_type') type: string,
  ): Promise<IntegrationStatusDto> {
    return this.integrations.start(agent_id, type);
  }

  @Post('stop')
  @HttpCode(HttpStatus.ACCEPTED)
  @NeedsScope('agents:run')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Disconnect the agent from a messenger; what was received is still answered' })
  @ApiAcceptedResponse({ type: IntegrationStatusDto, description: 'It is being disconnected.' })
  @ApiProblems('validation_failed')
  stop(
    @Param('agent_id') agent_id: string,
    @Param('integration_type') type: string,
    @Query() query: StopIntegrationQueryDto,
  ): Promise<IntegrationStatusDto> {
    return this.integrations.stop(agent_id, type, query.force);
  }
}
