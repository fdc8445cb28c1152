import type { Provider } from '@nestjs/common';
import {
  type ApprovalRequest,
  internalPaths,
  type ExchangeResponse,
  type InboxEntry,
  type Citation,
  type InstanceEnvironment,
  type RunnerReport,
  type RunTimeline,
  type TokenUsage,
  type ToolTestAnswer,
  type ToolTestRequest,
} from '@roost/contracts';
import { sharedStack } from '@roost/devstack';
import type { MemoryLauncher } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import { redisCli } from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { vi } from 'vitest';
import { type RunningManager, startManager } from '../bootstrap';
import { createDataSource } from '../database/data-source';
import { LAUNCHER } from '../lifecycle/launcher.provider';
import { testConfig } from './test-config';

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
}

/** A manager of this process on a database and a Redis of its own, with the memory launcher. */
export class ManagerHarness {
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  key = `roost_${'A'.repeat(43)}`;

  private constructor(
    readonly manager: RunningManager,
    readonly redis_url: string,
    private readonly settings: Record<string, string>,
    private readonly replaced: Provider[],
  ) {}

  /** `replaced` take the place of providers of the same token. */
  static async start(
    overrides: Record<string, string> = {},
    replaced: Provider[] = [],
  ): Promise<ManagerHarness> {
    const stack = await sharedStack();
    const [database, redis] = await Promise.all([stack.createDatabase('manager'), stack.startRedis()]);
    const migrating = await createDataSource(database.url, 2).initialize();
    await migrating.runMigrations();
    await migrating.destroy();
    const harness = await ManagerHarness.on(
      {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        INSTALLATION: `test-${randomUUID()}`,
        RECONCILE_INTERVAL_MS: '100',
        ...overrides,
      },
      replaced,
    );
    harness.cleanUps.push(
      () => redis.stop(),
      () => database.drop(),
    );
    return harness;
  }

  /** A second manager on this one's database, Redis and launcher; it is stopped before this one. */
  async join(overrides: Record<string, string> = {}): Promise<ManagerHarness> {
    const joined = await ManagerHarness.on({ ...this.settings, ...overrides }, this.replaced);
    this.cleanUps.unshift(() => joined.stop());
    return joined;
  }

  private static async on(settings: Record<string, string>, replaced: Provider[]): Promise<ManagerHarness> {
    const manager = await startManager(testConfig(settings), pino({ enabled: false }), replaced);
    const harness = new ManagerHarness(manager, settings['REDIS_URL'] ?? '', settings, replaced);
    harness.cleanUps.push(() => manager.close());
    return harness;
  }

  async stop(): Promise<void> {
    for (const cleanUp of this.cleanUps.splice(0)) await cleanUp();
  }

  get database(): DataSource {
    return this.manager.app.get(DataSource);
  }

  get launcher(): MemoryLauncher {
    return this.manager.app.get<MemoryLauncher>(LAUNCHER);
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    port = this.manager.public_port,
  ): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  internal(method: string, path: string, body: unknown, token: string): Promise<Answer> {
    return this.call(method, path, body, { authorization: `Bearer ${token}` }, this.manager.internal_port);
  }

  /** Creates an agent and returns its id. */
  async agent(overrides: Record<string, unknown> = {}): Promise<string> {
    const { body } = await this.call('POST', '/agents', {
      name: 'Test agent',
      model: { name: 'a-model' },
      ...overrides,
    });
    return body.id as string;
  }

  async state(agent_id: string): Promise<string> {
    return (await this.call('GET', `/agents/${agent_id}/status`)).body.state as string;
  }

  untilState(agent_id: string, state: string): Promise<void> {
    return vi.waitFor(
      async () => {
        const now = await this.state(agent_id);
        if (now !== state) throw new Error(`${agent_id} is ${now}, not ${state}`);
      },
      { timeout: 10_000, interval: 20 },
    );
  }

  /** Plays the runner of the agent's next instance, once the launcher has been asked for it. */
  async runner(agent_id: string): Promise<TestRunner> {
    return TestRunner.join(this, await this.environment(agent_id));
  }

  /** What the agent's next instance is started with. */
  environment(agent_id: string): Promise<InstanceEnvironment> {
    return vi.waitFor(
      async () => {
        const live = (await this.launcher.list()).find(
          (seen) => seen.agent_id === agent_id && seen.state === 'running',
        );
        if (!live) throw new Error('no instance yet');
        return this.launcher.instance(live.instance_id).spec.env as unknown as InstanceEnvironment;
      },
      { timeout: 10_000, interval: 10 },
    );
  }
}

/** A runner as far as the manager can tell: it exchanges its code, reads its inbox and reports. */
export class TestRunner {
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

  /** The next message of the inbox. */
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
