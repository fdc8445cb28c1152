import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ChatTokenDto, CreateChatTokenDto } from '@roost/contracts/rest';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScope } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { ChatTokenIssuing } from './chat-token-issuing.service';

@ApiTags('chat')
@Controller('agents/:agent_id/chat-tokens')
export class ChatTokensController {
  constructor(private readonly issuing: ChatTokenIssuing) {}

  @Post()
  @NeedsScope('users:assert')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Make a short-lived credential for one user of one agent' })
  @ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
  @ApiCreatedResponse({ type: ChatTokenDto })
  @ApiProblems('validation_failed', 'malformed_json', 'agent_not_found')
  create(
    @CurrentPrincipal() principal: Principal,
    @Param('agent_id') agent_id: string,
    @Body() body: CreateChatTokenDto,
  ): Promise<ChatTokenDto> {
    return this.issuing.issue(principal, agent_id, body);
  }
}
