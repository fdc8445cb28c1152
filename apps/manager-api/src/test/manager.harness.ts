import type { Provider } from '@nestjs/common';
import { type InstanceEnvironment } from '@roost/contracts';
import { sharedStack } from '@roost/devstack';
import type { MemoryLauncher } from '@roost/launcher';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { vi } from 'vitest';
import { type RunningManager, startManager } from '../bootstrap';
import { createDataSource } from '../database/data-source';
import { LAUNCHER } from '../lifecycle/launcher.provider';
import type { MeteredLauncher } from '../lifecycle/metered.launcher';
import { testConfig } from './test-config';
import { TestRunner } from './test.runner';

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
    return this.manager.app.get<MeteredLauncher>(LAUNCHER).platform as MemoryLauncher;
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
