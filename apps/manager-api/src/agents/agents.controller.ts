import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  ParseIntPipe,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  AgentConfigurationDto,
  AgentDto,
  AgentLogsDto,
  AgentPageDto,
  AgentStatusDto,
  AgentVersionPageDto,
  LogsQueryDto,
  PageQueryDto,
  PatchAgentDto,
  StartQueryDto,
  StopQueryDto,
} from '@roost/contracts/rest';
import type { Response } from 'express';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScope } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { LifecycleService } from '../lifecycle/lifecycle.service';
import { LogsService } from '../logs/logs.service';
import { AgentsService } from './agents.service';

const AGENT_ID = { name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' };

@ApiTags('agents')
@Controller('agents')
export class AgentsController {
  constructor(
    private readonly agents: AgentsService,
    private readonly lifecycle: LifecycleService,
    private readonly logs: LogsService,
  ) {}

  @Post()
  @NeedsScope('agents:write')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Create an agent' })
  @ApiBody({ type: AgentConfigurationDto })
  @ApiCreatedResponse({ type: AgentDto })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'model_key_required',
    'secret_required',
    'payload_too_large',
  )
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: object,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentDto> {
    return tagged(await this.agents.create(principal, body), response);
  }

  @Get()
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'List agents, newest first' })
  @ApiOkResponse({ type: AgentPageDto })
  @ApiProblems('validation_failed', 'invalid_cursor')
  list(@Query() query: PageQueryDto): Promise<AgentPageDto> {
    return this.agents.list(query);
  }

  @Get(':agent_id')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'Read an agent; the ETag is its version' })
  @ApiParam(AGENT_ID)
  @ApiOkResponse({ type: AgentDto })
  @ApiProblems('agent_not_found')
  async get(
    @Param('agent_id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentDto> {
    return tagged(await this.agents.get(id), response);
  }

  @Patch(':agent_id')
  @NeedsScope('agents:write')
  @ApiOperation({
    summary: 'Change an agent: a JSON merge patch of its configuration, which makes a new version',
  })
  @ApiParam(AGENT_ID)
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the version the change is meant for.',
    schema: { type: 'string', example: '"3"' },
  })
  @ApiBody({ type: PatchAgentDto })
  @ApiOkResponse({ type: AgentDto })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'agent_not_found',
    'version_conflict',
    'model_key_required',
    'secret_required',
  )
  async patch(
    @Param('agent_id') id: string,
    @Body() body: object,
    @Headers('if-match') if_match: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentDto> {
    return tagged(await this.agents.patch(id, body, if_match), response);
  }

  @Delete(':agent_id')
  @HttpCode(204)
  @NeedsScope('agents:write')
  @ApiOperation({ summary: 'Stop an agent and delete it with its threads' })
  @ApiParam(AGENT_ID)
  @ApiNoContentResponse({ description: 'Deleted, now or before.' })
  @ApiProblems()
  async delete(@Param('agent_id') id: string): Promise<void> {
    await this.agents.delete(id);
  }

  @Get(':agent_id/status')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'What an agent is doing' })
  @ApiParam(AGENT_ID)
  @ApiOkResponse({ type: AgentStatusDto })
  @ApiProblems('agent_not_found')
  status(@Param('agent_id') id: string): Promise<AgentStatusDto> {
    return this.agents.status(id);
  }

  @Post(':agent_id/start')
  @HttpCode(200)
  @NeedsScope('agents:run')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Start an agent; one that runs already stays as it is' })
  @ApiParam(AGENT_ID)
  @ApiOkResponse({ type: AgentStatusDto })
  @ApiProblems('agent_not_found', 'agent_disabled', 'validation_failed')
  start(@Param('agent_id') id: string, @Query() query: StartQueryDto): Promise<AgentStatusDto> {
    return this.lifecycle.start(id, query.wait);
  }

  @Post(':agent_id/stop')
  @HttpCode(202)
  @NeedsScope('agents:run')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Put an agent to sleep: SIGTERM, a grace period, then the kill' })
  @ApiParam(AGENT_ID)
  @ApiAcceptedResponse({ type: AgentStatusDto })
  @ApiProblems('agent_not_found', 'validation_failed')
  stop(@Param('agent_id') id: string, @Query() query: StopQueryDto): Promise<AgentStatusDto> {
    return this.lifecycle.stop(id, query.force);
  }

  @Get(':agent_id/versions')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'List the versions of an agent, newest first' })
  @ApiParam(AGENT_ID)
  @ApiOkResponse({ type: AgentVersionPageDto })
  @ApiProblems('agent_not_found', 'validation_failed', 'invalid_cursor')
  versions(@Param('agent_id') id: string, @Query() query: PageQueryDto): Promise<AgentVersionPageDto> {
    return this.agents.versions(id, query);
  }

  @Post(':agent_id/versions/:version/restore')
  @HttpCode(200)
  @NeedsScope('agents:write')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Make a former version the newest again' })
  @ApiParam(AGENT_ID)
  @ApiParam({
    name: 'version',
    description: 'The version to restore.',
    example: 1,
    schema: { type: 'integer', minimum: 1, example: 1 },
  })
  @ApiOkResponse({ type: AgentDto })
  @ApiProblems('agent_not_found', 'version_not_found', 'validation_failed')
  async restore(
    @Param('agent_id') id: string,
    @Param('version', ParseIntPipe) version: number,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentDto> {
    return tagged(await this.agents.restore(id, version), response);
  }

  @Get(':agent_id/logs')
  @NeedsScope('agents:read')
  @ApiOperation({
    summary:
      "The last lines of an agent's newest instance; of a failed one for ten minutes. With `follow=true` what it writes too, until it ends",
    description:
      'JSON; plain text with `Accept: text/plain`. With `follow=true` a stream: with `Accept: text/event-stream` events ' +
      '`line` with `{"line"}` and at last `end` with `{"reason"}`, else plain text. `X-Instance-Id` names the instance. ' +
      'A stream ends with its instance; one that ends otherwise is cut off, or says why.',
  })
  @ApiParam(AGENT_ID)
  @ApiExtraModels(AgentLogsDto)
  @ApiOkResponse({
    description: 'The lines, oldest first.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(AgentLogsDto) } },
      'text/plain': { schema: { type: 'string' } },
      'text/event-stream': { schema: { type: 'string' } },
    },
  })
  @ApiProblems('agent_not_found', 'instance_not_found', 'validation_failed')
  getLogs(
    @CurrentPrincipal() principal: Principal,
    @Param('agent_id') id: string,
    @Query() query: LogsQueryDto,
    @Headers('accept') accept: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    return this.logs.answer(principal, id, query, accept ?? '', response);
  }
}

function tagged(agent: AgentDto, response: Response): AgentDto {
  response.setHeader('etag', `"${agent.version}"`);
  return agent;
}
