import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ServiceError } from '@roost/contracts';
import { NeedsScope } from '../access/route.decorators';
import { ApiProblems } from '../http/api.decorators';

@ApiTags('integrations')
@ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
@ApiParam({ name: 'integration_type', description: 'The messenger.', example: 'telegram' })
@ApiProblems('integration_unavailable')
@Controller('agents/:agent_id/integrations/:integration_type')
export class IntegrationsController {
  @Get('status')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'What an integration is doing; answers 501 until integrations are available' })
  status(@Param('integration_type') type: string): never {
    return unavailable(type);
  }

  @Post('start')
  @HttpCode(202)
  @NeedsScope('agents:run')
  @ApiOperation({ summary: 'Start an integration; answers 501 until integrations are available' })
  start(@Param('integration_type') type: string): never {
    return unavailable(type);
  }

  @Post('stop')
  @HttpCode(202)
  @NeedsScope('agents:run')
  @ApiOperation({ summary: 'Stop an integration; answers 501 until integrations are available' })
  stop(@Param('integration_type') type: string): never {
    return unavailable(type);
  }
}

function unavailable(type: string): never {
  throw new ServiceError(
    'integration_unavailable',
    `This version of the service has no integration "${type.slice(0, 40)}"; talk to the agent over the sockets or POST /agents/{agent_id}/messages.`,
  );
}
