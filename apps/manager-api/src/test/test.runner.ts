import {
  type ApprovalRequest,
  type Citation,
  type ExchangeResponse,
  type InboxEntry,
  type InstanceEnvironment,
  internalPaths,
  type RunnerReport,
  type RunTimeline,
  type TokenUsage,
  type ToolCalls,
  type ToolTestAnswer,
  type ToolTestRequest,
} from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { redisCli } from '@roost/testing';
import { vi } from 'vitest';
import type { ManagerHarness } from './manager.harness';

/** A runner as far as the manager can tell: it exchanges its code, reads its inbox and reports. */
export class TestRunner {
  private readonly taken = new Set<string>();

  private constructor(
    readonly identity: ExchangeResponse,
    private readonly messaging: Messaging,
    private readonly agent_id: string,
    private readonly redis_url: string,
  ) {}

  static async join(harness: ManagerHarness, env: InstanceEnvironment): Promise<TestRunner> {
    const { AGENT_ID: agent_id, INSTANCE_ID: instance_id, EXCHANGE_CODE: code } = env;
    const exchanged = await harness.internal(
      'POST',
      internalPaths.exchange,
      { agent_id, instance_id, code },
      'none',
    );
    if (exchanged.status !== 200) throw new Error(`exchange refused: ${JSON.stringify(exchanged.body)}`);
    const identity = exchanged.body as ExchangeResponse;
    await harness.internal('POST', internalPaths.ready, undefined, identity.token);
    return new TestRunner(
      identity,
      new Messaging({ url: harness.redis_url, name: 'test-runner', ...identity.redis }, () => undefined),
      agent_id,
      harness.redis_url,
    );
  }

  /** The next message of the inbox. It may stand there twice; a runner drops the copy of what it has. */
  next(): Promise<InboxEntry> {
    const consumer = this.messaging.consumer(
      {
        name: 'inbox',
        agent_id: this.agent_id,
        consumer: this.identity.instance_id,
        onRejected: () => undefined,
      },
      false,
    );
    return vi.waitFor(
      async () => {
        const [entry] = await consumer.read(1);
        if (!entry) throw new Error('the inbox is empty');
        await consumer.acknowledge(entry.id);
        const { message_id, pauses = 0 } = entry.payload;
        const delivery = `${message_id} ${pauses}`;
        if (this.taken.has(delivery)) throw new Error('nothing but copies in the inbox');
        this.taken.add(delivery);
        return entry.payload;
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  async report(
    entry: InboxEntry,
    content: string,
    generation = this.identity.generation,
    timeline?: RunTimeline,
  ): Promise<void> {
    const { message_id, thread_id } = entry;
    const report: RunnerReport = {
      outcome: 'completed',
      message_id,
      thread_id,
      run_id: 'run_test',
      generation,
      content,
      usage: null,
      ...(timeline ? { timeline } : {}),
    };
    await this.messaging.streams.add('reports', this.agent_id, report);
  }

  /** Reports as if the hint had been lost. */
  async reportSilently(entry: InboxEntry, content: string): Promise<void> {
    const { message_id, thread_id } = entry;
    const report: RunnerReport = {
      outcome: 'completed',
      message_id,
      thread_id,
      run_id: 'run_test',
      generation: this.identity.generation,
      content,
      usage: null,
    };
    const redis = new URL(this.redis_url);
    await redisCli(
      redis.href,
      'XADD',
      `roost:agent:${this.agent_id}:reports`,
      '*',
      'json',
      JSON.stringify(report),
    );
  }

  async fail(entry: InboxEntry, code: string): Promise<void> {
    const { message_id, thread_id } = entry;
    const { generation } = this.identity;
    await this.messaging.streams.add('reports', this.agent_id, {
      outcome: 'failed',
      message_id,
      thread_id,
      run_id: 'run_test',
      generation,
      code,
      detail: 'Test.',
    });
  }

  /** Writes the beginning of a run, as far as it has come. @returns false when it is barred from the log. */
  async stream(entry: InboxEntry, ...texts: string[]): Promise<boolean> {
    const { message_id, thread_id } = entry;
    const written = await this.messaging.eventLog.appendRun(
      this.agent_id,
      thread_id,
      message_id,
      { type: 'run', content: '', run_id: 'run_test', state: 'started', message_id },
      ...texts.map((content) => ({ type: 'token' as const, content, message_id })),
    );
    return written !== null;
  }

  /** Reports the end of a run as it is. */
  async end(
    entry: InboxEntry,
    outcome:
      | { outcome: 'cancelled'; content: string }
      | {
          outcome: 'completed';
          content: string;
          usage: null;
          timeline?: RunTimeline;
          token_usage?: TokenUsage[];
          citations?: Citation[];
          tool_calls?: ToolCalls[];
        }
      | { outcome: 'failed'; code: string; detail: string },
    joined_message_ids?: string[],
    run_id = 'run_test',
  ): Promise<void> {
    const { message_id, thread_id } = entry;
    const { generation } = this.identity;
    const run = { message_id, thread_id, run_id, generation };
    await this.messaging.streams.add('reports', this.agent_id, { ...run, joined_message_ids, ...outcome });
  }

  /** Reports that the run waits for approval. */
  async pause(
    { message_id, thread_id }: InboxEntry,
    approvals: ApprovalRequest[],
    content: string,
    generation = this.identity.generation,
  ): Promise<void> {
    const run = { message_id, thread_id, run_id: 'run_test', generation };
    await this.messaging.streams.add('reports', this.agent_id, {
      outcome: 'paused',
      ...run,
      content,
      approvals,
    });
  }

  /** What it is told to cancel, from now on. */
  async cancels(): Promise<string[][]> {
    const told: string[][] = [];
    await this.messaging.topics.onCancel(this.agent_id, ({ message_ids }) => told.push(message_ids));
    return told;
  }

  /** Answers whoever tries a tool, from now on. @returns what it is asked. */
  async triedTools(
    answer: (request: ToolTestRequest) => Promise<ToolTestAnswer | null>,
  ): Promise<ToolTestRequest[]> {
    const asked: ToolTestRequest[] = [];
    const noted = (request: ToolTestRequest) => {
      asked.push(request);
      return answer(request);
    };
    await this.messaging.toolTests.serve(this.agent_id, noted, () => undefined);
    return asked;
  }

  close(): void {
    this.messaging.close();
  }
}
