import { Injectable } from '@nestjs/common';
import { ServiceError, USER_DATA_BYTES_MAX } from '@roost/contracts';
import type { ChatTokenDto, CreateChatTokenDto } from '@roost/contracts/rest';
import { ChatTokensService } from '../access/chat-tokens.service';
import type { Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';

@Injectable()
export class ChatTokenIssuing {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly tokens: ChatTokensService,
  ) {}

  async issue(principal: Principal, agent_id: string, body: CreateChatTokenDto): Promise<ChatTokenDto> {
    if (principal.kind !== 'api_key')
      throw new ServiceError('forbidden', 'Only an API key makes chat tokens.');
    checkUserData(body.user_data);
    if (!(await this.agents.status(agent_id))) throw agentNotFound();
    const expires_at = Math.floor(Date.now() / 1_000) + body.ttl_seconds;
    const { user_id, user_data } = body;
    const token = await this.tokens.issue({
      kind: 'chat_token',
      agent_id,
      user_id,
      user_data,
      api_key_id: principal.id,
      expires_at,
    });
    return { token, expires_at: new Date(expires_at * 1_000).toISOString() };
  }
}

/** A flat object of limited size. @throws {ServiceError} `validation_failed` */
export function checkUserData(user_data: Record<string, unknown> | undefined): void {
  if (user_data === undefined) return;
  const nested = Object.entries(user_data).find(([, value]) => typeof value === 'object' && value !== null);
  if (nested) throw badUserData(`${nested[0]} must be a text, a number, true, false or null`);
  if (Buffer.byteLength(JSON.stringify(user_data)) > USER_DATA_BYTES_MAX)
    throw badUserData(`may have ${USER_DATA_BYTES_MAX} bytes`);
}

const badUserData = (message: string): ServiceError =>
  new ServiceError('validation_failed', `user_data: ${message}`, {
    errors: [{ field: 'user_data', message }],
  });
