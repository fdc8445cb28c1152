import {
  HANDOFF_WAIT_MS_MAX,
  type HandoffCancel,
  type HandoffRequest,
  type HandoffResponse,
  type HandoffTool,
  internalPaths,
} from '@roost/contracts';
import { type ManagerClient, ManagerRefusedError, ManagerUnavailableError } from '../exchange/manager.client';
import type { Tool, ToolAnswer, ToolCallOptions } from './tool';
import { definition, type ToolBuilder } from './tool.builder';

const ANSWER_MAX = 64_000;
/** Milliseconds that a request may take beyond what it waits. */
const MARGIN_MS = 5_000;

const PARAMETERS = {
  type: 'object',
  properties: {
    message: {
      type: 'string',
      minLength: 1,
      maxLength: 16_000,
      description: 'What to ask or tell it. It knows nothing of this conversation but what you write here.',
    },
  },
  required: ['message'],
  additionalProperties: false,
};

/** Another agent, asked through the manager: in slices, each a request of its own that finds what the last one began. */
class Handoff implements Tool {
  constructor(
    private readonly tool: HandoffTool,
    private readonly manager: Pick<ManagerClient, 'request'>,
  ) {}

  async call(args: Record<string, unknown>, options: ToolCallOptions): Promise<ToolAnswer> {
    const { idempotency_key, signal, asker } = options;
    const ends_at = performance.now() + this.tool.timeout_s * 1_000;
    const { message_id } = asker;
    let waits_for_approval = false;
    const request = { message_id, tool: this.tool.name, message: String(args['message']), idempotency_key };
    try {
      for (let left = ends_at - performance.now(); left > 0; left = ends_at - performance.now()) {
        const answer = await this.ask({ ...request, wait_ms: waitOf(left) }, signal).catch(stillPending);
        if (answer.status === 'done') return { ok: true, content: answer.content.slice(0, ANSWER_MAX) };
        if (answer.status === 'failed') return failed(answer.detail);
        waits_for_approval = answer.waits_for_approval === true;
      }
      await this.giveUp({ message_id, idempotency_key }, signal);
      return failed(
        waits_for_approval
          ? `A person has to allow what it wants to do, and nobody did within ${this.tool.timeout_s} seconds. Go on without it.`
          : `It did not answer within ${this.tool.timeout_s} seconds. Ask for less, or go on without it.`,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ManagerRefusedError)
        return failed(
          'This agent may not hand this over: its configuration has changed, or the run has ended.',
        );
      if (error instanceof ManagerUnavailableError)
        return failed('It cannot be reached now; try again later.');
      throw error;
    }
  }

  private ask(body: HandoffRequest, signal: AbortSignal): Promise<HandoffResponse> {
    return this.manager.request<HandoffResponse>({
      method: 'POST',
      path: internalPaths.handoffs,
      body,
      attempt_ms: body.wait_ms + MARGIN_MS,
      deadline_ms: body.wait_ms + MARGIN_MS,
      signal,
    });
  }

  private giveUp(body: HandoffCancel, signal: AbortSignal): Promise<void> {
    return this.manager.request<undefined>({
      method: 'POST',
      path: internalPaths.handoffCancels,
      body,
      deadline_ms: MARGIN_MS,
      signal,
    });
  }
}

export const handoffTool: ToolBuilder<HandoffTool> = (tool, { manager }) =>
  Promise.resolve([
    {
      definition: definition(tool.name, tool.description, PARAMETERS),
      tool: new Handoff(tool, manager),
    },
  ]);

/** A manager that is away has begun it, or the next request does. */
function stillPending(error: unknown): HandoffResponse {
  if (error instanceof ManagerUnavailableError) return { status: 'pending' };
  throw error;
}

const waitOf = (left_ms: number): number => Math.max(1, Math.min(HANDOFF_WAIT_MS_MAX, Math.round(left_ms)));

const failed = (why: string): ToolAnswer => ({
  ok: false,
  content: `The other agent gave no answer: ${why}`,
});
