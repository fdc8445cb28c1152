import type { ToolTestAnswer, ToolTestRequest } from '@roost/contracts';
import { anySignal } from 'any-signal';
import type { Messaging } from '@roost/messaging';
import type { ConfigurationCache } from '../configuration/configuration.cache';
import type { ToolboxFactory } from './toolbox.factory';

const AT_ONCE_MAX = 4;
const CONTENT_MAX = 1_048_576;

/** Calls single tools for people who try them: no model, no thread, and no approval. */
export class ToolTesting {
  private under_way = 0;

  constructor(
    private readonly agent_id: string,
    private readonly configurations: ConfigurationCache,
    private readonly toolboxes: ToolboxFactory,
    private readonly messaging: Messaging,
    private readonly stop: AbortSignal,
  ) {}

  /** Resolves once it hears what it is asked. */
  async listen(onFailure: (error: unknown) => void): Promise<void> {
    await this.messaging.toolTests.serve(this.agent_id, (request) => this.answer(request), onFailure);
  }

  private async answer(request: ToolTestRequest): Promise<ToolTestAnswer | null> {
    if (this.stop.aborted) return null;
    if (this.under_way >= AT_ONCE_MAX) return { outcome: 'busy' };
    this.under_way += 1;
    try {
      return await this.call(request);
    } finally {
      this.under_way -= 1;
    }
  }

  private async call(request: ToolTestRequest): Promise<ToolTestAnswer> {
    const { request_id, version, tool, wait_ms, user_id, user_data } = request;
    const toolbox = await this.toolboxes.of(await this.configurations.of(version));
    if (!toolbox?.has(tool)) {
      const names = toolbox?.definitions.map((definition) => definition.function.name);
      return { outcome: 'unknown_tool', known: names ?? [] };
    }
    const started = performance.now();
    const signal = anySignal([this.stop, AbortSignal.timeout(wait_ms)]);
    const asked = toolbox.call(tool, request.arguments, {
      idempotency_key: `test:${request_id}`,
      signal,
      asker: { thread_id: `test:${request_id}`, message_id: null, channel: 'api', user_id, user_data },
      // Nobody is there to be asked.
      requestAuthorization: () => undefined,
    });
    const { ok, content } = await asked.finally(() => signal.clear());
    const ms = Math.round(performance.now() - started);
    return { outcome: 'called', ok, content: content.slice(0, CONTENT_MAX), ms };
  }
}
