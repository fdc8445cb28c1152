import { LLMock } from '@copilotkit/aimock';
import {
  type AgentConfiguration,
  type AgentRuntimeConfiguration,
  type ExchangeResponse,
  type InboxEntry,
  type LoggedFrame,
  newAgentId,
  newInstanceId,
  newMessageId,
  newThreadId,
  type RunnerReport,
} from '@roost/contracts';
import { Messaging, type StreamConsumer } from '@roost/messaging';
import { pino } from 'pino';
import { vi } from 'vitest';
import { assemble } from '../bootstrap';
import { readConfig } from '../config';
import { exchangeCode } from '../exchange/instance.exchange';
import type { RunnerService } from '../lifecycle/runner.service';
import { DatabaseClock } from '../timeline/database.clock';
import { FakeManager } from './fake.manager';

/** One agent with a manager, a model and an inbox, and as many runner instances as a test starts. */
export class AgentFixture {
  readonly agent_id = newAgentId('test');
  readonly manager = new FakeManager();
  readonly model = new LLMock({ port: 0 });
  /** Why an instance wanted to end its process. */
  readonly exits = vi.fn<(end: Error) => void>();
  readonly messaging: Messaging;
  /** What the operator opens to tools. */
  allowed_hosts: string[] = [];
  /** The operator's search engine; undefined where there is none. */
  web_search: AgentRuntimeConfiguration['web_search'];
  /** What the placeholders of its tools may stand for. */
  secrets: Record<string, string> = {};
  /** Messages that the next instance is told may end it. */
  suspects: string[] = [];
  /** Where the next instance is to trace its runs; undefined where the operator wants no traces. */
  langsmith: ExchangeResponse['langsmith'];
  private readonly reports: StreamConsumer<'reports'>;
  private readonly received: RunnerReport[] = [];
  private readonly runners: RunnerService[] = [];
  private readonly cursors = new Map<string, string>();
  private generation = 0;

  private constructor(private readonly redis_url: string) {
    this.messaging = new Messaging({ url: redis_url, name: 'test' }, () => undefined);
    this.reports = this.messaging.consumer(
      { name: 'reports', agent_id: this.agent_id, consumer: 'test', onRejected: () => undefined },
      true,
    );
  }

  static async create(redis_url: string): Promise<AgentFixture> {
    const fixture = new AgentFixture(redis_url);
    await Promise.all([fixture.manager.start(), fixture.model.start()]);
    fixture.configure(1);
    await fixture.reports.join();
    return fixture;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop(2_001)));
    this.messaging.close();
    await this.manager.stop();
    // Not waited for: it lingers until clients drop connections they opened ahead.
    this.model.stop().catch(() => undefined);
  }

  /** Makes a version that the manager knows. */
  configure(version: number, changes: Partial<AgentConfiguration> = {}): AgentRuntimeConfiguration {
    const runtime: AgentRuntimeConfiguration = {
      agent_id: this.agent_id,
      version,
      model: { base_url: `${this.model.url}/v1`, api_key: 'sk-canary' },
      configuration: { ...basicConfiguration, ...changes },
      outbound: { allowed_hosts: this.allowed_hosts },
      secrets: this.secrets,
      ...(this.web_search ? { web_search: this.web_search } : {}),
    };
    this.manager.versions.set(version, runtime);
    return runtime;
  }

  /** What the launcher would put into an instance's environment; the manager will accept its code once. */
  async environment(version = 1, instance_id = newInstanceId()): Promise<Record<string, string>> {
    const redis = await this.messaging.instanceAccess.grant(this.agent_id, instance_id);
    this.generation += 1;
    const { generation } = this;
    this.manager.token = `token-${instance_id}`;
    const answer: ExchangeResponse = {
      instance_id,
      generation,
      token: this.manager.token,
      redis,
      configuration: this.manager.versions.get(version) ?? this.configure(version),
      suspects: this.suspects,
      ...(this.langsmith ? { langsmith: this.langsmith } : {}),
      wake: { launched_at: Date.now(), exchanged_at: Date.now(), pooled: false, clock: Date.now() },
    };
    this.manager.exchange = () => {
      this.manager.exchange = null;
      return answer;
    };
    return {
      AGENT_ID: this.agent_id,
      INSTANCE_ID: instance_id,
      CONFIG_URL: `${this.manager.origin}/agents/${this.agent_id}/config`,
      REDIS_URL: this.redis_url,
      EXCHANGE_CODE: 'code',
      LOG_LEVEL: 'silent',
    };
  }

  /** What a member of the warm pool is started with; the manager will take it once. */
  poolEnvironment(): Record<string, string> {
    const instance_id = newInstanceId();
    this.manager.poolExchange = async () => {
      this.manager.poolExchange = null;
      return { token: 'pool-token', redis: await this.messaging.instanceAccess.grantPool(instance_id) };
    };
    return {
      POOL: 'true',
      INSTANCE_ID: instance_id,
      CONFIG_URL: `${this.manager.origin}/internal/pool`,
      REDIS_URL: this.redis_url,
      EXCHANGE_CODE: 'pool-code',
      LOG_LEVEL: 'info',
    };
  }

  /** Makes the member an instance of the agent, as the manager does that claims it. */
  async claim(member: Record<string, string>): Promise<void> {
    const { INSTANCE_ID: instance_id = '' } = member;
    const { CONFIG_URL: config_url = '' } = await this.environment(1, instance_id);
    const { agent_id } = this;
    await this.messaging.poolAssignments.assign(instance_id, { agent_id, code: 'code', config_url }, 5_000);
  }

  /** A runner instance inside this process, ready for messages. */
  async startRunner(environment: Record<string, string> = {}): Promise<RunnerService> {
    const { config } = readConfig([], { ...(await this.environment()), ...environment });
    const clock = new DatabaseClock();
    const exchange = await exchangeCode(config, clock);
    const logger = pino({ level: config.LOG_LEVEL });
    const runner = await assemble({ config, exchange, clock, logger, exit: this.exits });
    this.runners.push(runner);
    await runner.start();
    return runner;
  }

  /** A message as the manager accepts it. */
  entry(content: string, changes: Partial<InboxEntry> = {}): InboxEntry {
    return {
      message_id: newMessageId(),
      thread_id: newThreadId(),
      content,
      channel: 'web',
      user_id: null,
      user_data: {},
      claimed: {},
      version: 1,
      accepted_at: Date.now(),
      ...changes,
    };
  }

  /** Puts a message into the inbox, as the manager does once it is committed. */
  async send(content: string, changes: Partial<InboxEntry> = {}): Promise<InboxEntry> {
    const entry = this.entry(content, changes);
    const event_id = await this.messaging.eventLog.append(this.agent_id, entry.thread_id, {
      type: 'user_message',
      content,
      message_object: {
        id: entry.message_id,
        role: 'user',
        content,
        created_at: new Date(entry.accepted_at).toISOString(),
        in_reply_to: null,
      },
    });
    if (!this.cursors.has(entry.thread_id)) this.cursors.set(entry.thread_id, event_id);
    await this.messaging.streams.add('inbox', this.agent_id, entry);
    return entry;
  }

  /** The first report on a message; waits for it. */
  async reportOn({ message_id }: Pick<InboxEntry, 'message_id'>): Promise<RunnerReport> {
    for (;;) {
      const report = this.received.find((candidate) => candidate.message_id === message_id);
      if (report) return report;
      await this.receive(1_000);
    }
  }

  /** Whether the reply to a message is stored, reported or not. */
  isAnswered({ thread_id, message_id }: InboxEntry): boolean {
    const stored = this.manager.checkpoints.newest(thread_id)?.checkpoint.base64 ?? '';
    return Buffer.from(stored, 'base64').includes(`${message_id}:reply`);
  }

  /** All reports so far, in the order they came. */
  async allReports(): Promise<RunnerReport[]> {
    await this.receive(null);
    return this.received;
  }

  /** The frames that runners wrote to a thread so far, oldest first. */
  async frames(thread_id: string): Promise<LoggedFrame[]> {
    const cursor = this.cursors.get(thread_id);
    const events = cursor
      ? await this.messaging.eventLog.since(this.agent_id, thread_id, cursor, 10_000)
      : [];
    return (events ?? []).map(({ frame }) => frame).filter(({ type }) => type !== 'user_message');
  }

  /** The text a listener of the thread has put together from tokens. */
  async streamed(thread_id: string): Promise<string> {
    let text = '';
    for (const frame of await this.frames(thread_id)) {
      // A run that begins again begins the text anew.
      if (frame.type === 'run' && frame.state === 'started') text = '';
      if (frame.type === 'token') text += frame.content;
    }
    return text;
  }

  private async receive(block_ms: number | null): Promise<void> {
    const entries = await this.reports.read(100, block_ms);
    this.received.push(...entries.map(({ payload }) => payload));
  }
}

export const basicConfiguration: AgentConfiguration = {
  name: 'Test',
  description: '',
  enabled: true,
  model: { provider: 'openai', name: 'gpt-test', base_url: null, temperature: 0, max_tokens: null },
  system_prompt: 'You are a test.',
  answer_in_user_language: false,
  use_markdown: false,
  memory: { enabled: true, depth: 10 },
  tools: [],
  integrations: [],
  limits: { memory_mb: 256, cpus: 1, pids: 64 },
  inactivity_timeout: null,
  access: { chat: 'private' },
  on_busy: 'enqueue',
  collect_pause_ms: 1_500,
};
