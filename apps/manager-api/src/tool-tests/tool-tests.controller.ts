import { Body, Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { TestToolDto, TestToolQueryDto, ToolTestDto } from '@roost/contracts/rest';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScope } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { ToolTestsService } from './tool-tests.service';

@ApiTags('agents')
@Controller('agents/:agent_id/tools/:tool_name/test')
export class ToolTestsController {
  constructor(private readonly tests: ToolTestsService) {}

  @Post()
  @HttpCode(200)
  @NeedsScope('agents:write')
  @ApiIdempotent()
  @ApiOperation({
    summary: 'Call a tool in the runner of its agent, without a model and without asking for approval',
  })
  @ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
  @ApiParam({ name: 'tool_name', description: 'The tool, as the model calls it.', example: 'find_order' })
  @ApiOkResponse({ type: ToolTestDto, description: 'It was called; `ok` says whether it succeeded.' })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'agent_not_found',
    'tool_not_found',
    'agent_disabled',
    'agent_failed',
    'tool_timeout',
  )
  create(
    @CurrentPrincipal() principal: Principal,
    @Param('agent_id') agent_id: string,
    @Param('tool_name') tool_name: string,
    @Query() query: TestToolQueryDto,
    @Body() body: TestToolDto,
  ): Promise<ToolTestDto> {
    return this.tests.call(principal, agent_id, tool_name, body, query.wait);
  }
}
