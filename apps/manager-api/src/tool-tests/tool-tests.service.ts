import { Injectable } from '@nestjs/common';
import { type AgentTool, ServiceError, type ToolTestAnswer, type ToolTestRequest } from '@roost/contracts';
import type { TestToolDto, ToolTestDto } from '@roost/contracts/rest';
import { Messaging } from '@roost/messaging';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { hasScope, type Principal } from '../access/principal';
import { agentNotFound } from '../agents/agent.views';
import { AgentsRepository } from '../agents/agents.repository';
import { checkUserData } from '../chat/chat-token-issuing.service';
import { LifecycleService } from '../lifecycle/lifecycle.service';

/** Calls that one manager waits for at a time. */
const WAITING_MAX = 100;
/** Milliseconds before an instance that did not listen is looked for again. */
const AGAIN_MS = 250;

/** Has one tool called in the agent's own runner, which it starts. */
@Injectable()
export class ToolTestsService {
  private waiting = 0;

  constructor(
    private readonly agents: AgentsRepository,
    private readonly lifecycle: LifecycleService,
    private readonly messaging: Messaging,
  ) {}

  /** Resolves once it was called; `wait` are the seconds it may take. */
  async call(
    principal: Principal,
    agent_id: string,
    tool: string,
    body: TestToolDto,
    wait: number,
  ): Promise<ToolTestDto> {
    checkUser(principal, body);
    const version = await this.agents.findCurrentVersion(agent_id);
    if (!version) throw agentNotFound();
    if (!version.configuration.tools.some(makes(tool))) throw toolNotFound();
    if (this.waiting >= WAITING_MAX) throw tooMany();
    this.waiting += 1;
    try {
      const request = { version: version.version, tool, ...callOf(body) };
      return resultOf(await this.answer(agent_id, request, wait), wait);
    } finally {
      this.waiting -= 1;
    }
  }

  /** Until an instance has heard it: then it may have been called, and is not called again. */
  private async answer(
    agent_id: string,
    request: Omit<ToolTestRequest, 'wait_ms'>,
    wait: number,
  ): Promise<ToolTestAnswer | 'silent'> {
    const ends_at = performance.now() + wait * 1_000;
    for (;;) {
      const status = await this.lifecycle.start(agent_id, (ends_at - performance.now()) / 1_000);
      if (status.state === 'failed')
        throw new ServiceError('agent_failed', status.detail ?? 'Its status says why: mend that.');
      const wait_ms = Math.floor(ends_at - performance.now());
      if (wait_ms <= 0) return 'silent';
      const answer = await this.messaging.toolTests.request(agent_id, { ...request, wait_ms });
      if (answer !== 'nobody') return answer;
      await pause(AGAIN_MS);
    }
  }
}

const callOf = ({ arguments: args, user_id, user_data = {} }: TestToolDto) => ({
  request_id: randomUUID(),
  arguments: args,
  user_id: user_id ?? null,
  user_data,
});

function resultOf(answer: ToolTestAnswer | 'silent', wait: number): ToolTestDto {
  if (answer === 'silent')
    throw new ServiceError(
      'tool_timeout',
      `No answer within ${wait} seconds; the call may have been made all the same. Ask with ?wait= for longer, or lower the timeout_s of the tool.`,
    );
  switch (answer.outcome) {
    case 'called': {
      const { ok, content, ms } = answer;
      return { ok, content, ms };
    }
    case 'unknown_tool':
      throw toolNotFound(answer.known);
    case 'busy':
      throw tooMany();
  }
}

/** Whether an entry of the configuration is, or may be the source of, a tool of this name. */
const makes =
  (name: string) =>
  (tool: AgentTool): boolean =>
    name === tool.name || name.startsWith(`${tool.name}_`);

/** Who may try tools may not thereby act for any user. */
function checkUser(principal: Principal, { user_id, user_data }: TestToolDto): void {
  if (user_id === undefined && user_data === undefined) return;
  if (!hasScope(principal, 'users:assert'))
    throw new ServiceError('forbidden', 'user_id and user_data need a key with the scope users:assert.');
  checkUserData(user_data);
}

const toolNotFound = (known: string[] = []): ServiceError =>
  new ServiceError(
    'tool_not_found',
    known.length > 0
      ? `There are: ${known.join(', ')}.`.slice(0, 2_000)
      : 'Look its tools up with GET /agents/{agent_id}.',
  );

const tooMany = (): ServiceError =>
  new ServiceError('too_many_requests', 'As many tools as may are being tried: try again in a moment.', {
    retry_after_s: 1,
  });
