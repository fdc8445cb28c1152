import { type InboxEntry, newRunId, type RunnerReport, type TokenUsage } from '@roost/contracts';
import type { Messaging } from '@roost/messaging';
import { anySignal } from 'any-signal';
import { inSpan, traceparent } from '@roost/service-kit/tracing';
import type { Logger } from 'pino';
import type { ConfigurationCache } from '../configuration/configuration.cache';
import type { AgentGraph } from '../graph/agent.graph';
import { RunMeter } from '../graph/run.meter';
import type { Fence } from '../lifecycle/fence';
import { FrameWriter } from '../outbox/frame.writer';
import type { ReportSender } from '../outbox/report.sender';
import { type Batch, lastOf } from '../inbox/thread.queue';
import { RunCancelled, unlessAborted, wasCancelled } from './run.cancelled';
import type { TokenBudget } from '../usage/token.budget';
import type { InstanceTimeline } from '../timeline/instance.timeline';
import { PausedThreads } from './paused.threads';
import { failureOf, logFieldsOf } from './run.failure';
import { ToolTally, toolTypeOf } from './tool.tally';

export interface RunIdentity {
  agent_id: string;
  generation: number;
}

/** One message, or some that were joined, to its reply: stream the answer, then report it. */
export class RunService {
  private readonly paused = new PausedThreads();

  constructor(
    private readonly identity: RunIdentity,
    private readonly configurations: ConfigurationCache,
    private readonly graph: AgentGraph,
    private readonly messaging: Messaging,
    private readonly reports: ReportSender,
    private readonly fence: Fence,
    private readonly timeline: InstanceTimeline,
    private readonly budget: TokenBudget,
    private readonly logger: Logger,
  ) {}

  /**
   * Resolves when the report was added, with messages that need a run of their own. Rejects only when `stop` aborted
   * the run, the instance was replaced or the report could not be added: then the messages are somebody else's to
   * answer. `cancelled` ends the run and keeps what was said. Messages that are out of turn are let go.
   */
  async execute(taken_up: Batch, stop: AbortSignal, cancelled: AbortSignal): Promise<InboxEntry[]> {
    const batch = taken_up.filter((message) => !this.paused.isOutOfTurn(message));
    if (batch.length === 0) return [];
    const taken = batch.length > 1 ? await this.countTaken(batch as Batch) : 0;
    // An earlier run has taken the first ones: its answer is theirs, the others came after it.
    const [run, left] = taken > 0 ? [batch.slice(0, taken), batch.slice(taken)] : [batch, []];
    const ended = new AbortController();
    // A signal of its own: each run adds listeners, and the instance's would gather those of all.
    const signal = anySignal([stop, cancelled, ended.signal]);
    try {
      await this.run(run as Batch, signal, () => ended.abort(new RunCancelled()));
    } finally {
      signal.clear();
    }
    return left;
  }

  /** Ends a message whose run was cancelled before it began. */
  async skip({ message_id, thread_id }: InboxEntry): Promise<void> {
    const { generation } = this.identity;
    const run_id = newRunId();
    await this.reports.send({
      outcome: 'cancelled',
      message_id,
      thread_id,
      run_id,
      generation,
      content: '',
    });
  }

  /** By the semantic conventions for generative AI; part of the trace that began when the message was accepted. */
  private run(batch: Batch, signal: AbortSignal, onEnded: () => void): Promise<void> {
    const { thread_id, traceparent: parent } = lastOf(batch);
    const { agent_id, generation } = this.identity;
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': agent_id,
      'gen_ai.conversation.id': thread_id,
      'roost.generation': generation,
    };
    return inSpan({ name: `invoke_agent ${agent_id}`, attributes, parent }, async (span) => {
      const outcome = await this.report(batch, signal, onEnded);
      span.setAttribute('roost.outcome', outcome.outcome);
      const spent = outcome.token_usage ?? [];
      span.setAttribute('gen_ai.usage.input_tokens', sum(spent, 'input_tokens'));
      span.setAttribute('gen_ai.usage.output_tokens', sum(spent, 'output_tokens'));
      if (outcome.outcome === 'failed') span.setAttribute('error.type', outcome.code);
    });
  }

  private async report(batch: Batch, signal: AbortSignal, onEnded: () => void): Promise<Outcome> {
    const { message_id, thread_id } = lastOf(batch);
    const joined_message_ids = batch.slice(0, -1).map((message) => message.message_id);
    const run_id = newRunId();
    const log = this.logger.child({ message_id, thread_id, run_id });
    const frames = new FrameWriter({
      message_id,
      run_id,
      append: (...some) =>
        this.messaging.eventLog.appendRun(this.identity.agent_id, thread_id, message_id, ...some),
      onEnded,
      onFailure: (error) => {
        this.fence.inspect(error);
        log.warn({ err: error }, 'the event log failed; only the final reply will be seen');
      },
    });
    const tools = new ToolTally();
    const outcome = await this.answer(batch, frames, tools, signal, log);
    await frames.drain();
    const { generation } = this.identity;
    const joined = joined_message_ids.length > 0 ? { joined_message_ids } : {};
    const called = tools.entries.length > 0 ? { tool_calls: tools.entries } : {};
    const carried = traceparent();
    const traced = carried === undefined ? {} : { traceparent: carried };
    const run = { message_id, thread_id, run_id, generation, ...traced };
    await this.reports.send({ ...run, ...joined, ...called, ...outcome });
    return outcome;
  }

  private async answer(
    batch: Batch,
    frames: FrameWriter,
    tools: ToolTally,
    signal: AbortSignal,
    log: Logger,
  ): Promise<Outcome> {
    const started = performance.now();
    const meter = new RunMeter((tokens) => this.budget.spend(tokens));
    const watch = this.timeline.begin(lastOf(batch).accepted_at);
    frames.started();
    try {
      const configuration = await unlessAborted(this.configurations.of(lastOf(batch).version), signal);
      const reply = await this.graph.answer(
        batch,
        {
          configuration,
          meter,
          budget: this.budget,
          onToken: (text) => {
            watch.token();
            return frames.token(text);
          },
          onRetry: (detail) => frames.run('retrying', detail),
          onStep: (step, content) => frames.step(step, content),
          onAuthorizationRequest: (fields, content) => frames.authorizationRequest(fields, content),
          onTool: (name, state, content) => {
            tools.count(toolTypeOf(name, configuration.configuration), state);
            frames.tool(name, state === 'rejected' ? 'failed' : state, content);
          },
        },
        signal,
      );
      if (reply.approvals.length > 0) {
        this.paused.pause(batch);
        frames.run('paused', 'The run waits for approval.');
        log.info({ tools: reply.approvals.map(({ tool }) => tool) }, 'run paused');
        const spent = counted({ token_usage: meter.entries });
        return { outcome: 'paused', content: reply.content, approvals: reply.approvals, ...spent };
      }
      // Cancelled before, by a run whose report was lost.
      if (reply.interrupted) {
        frames.run('cancelled', 'The run was cancelled.');
        return { outcome: 'cancelled', content: reply.content, ...counted(reply) };
      }
      // People decide in their own time: a run that waited for them says nothing of the service's.
      const timeline = lastOf(batch).approvals ? undefined : watch.completed();
      frames.run('completed', 'The run has completed.', timeline);
      log.info({ ms: Math.round(performance.now() - started) }, 'run completed');
      const { content, usage, citations } = reply;
      return {
        outcome: 'completed',
        content,
        usage,
        ...counted(reply),
        ...(citations.length > 0 ? { citations } : {}),
        ...(timeline ? { timeline } : {}),
      };
    } catch (error) {
      this.fence.inspect(error);
      if (wasCancelled(signal) && !this.fence.isRaised) return this.keep(batch, frames, meter, log);
      if (signal.aborted || this.fence.isRaised) {
        frames.discard();
        throw error;
      }
      const failure = failureOf(error);
      log.warn({ failure: failure.code, ...logFieldsOf(error) }, 'run failed');
      const timeline = watch.failed();
      frames.run('failed', failure.detail, timeline);
      const spent = counted({ token_usage: meter.entries });
      return { outcome: 'failed', ...failure, ...spent, ...(timeline ? { timeline } : {}) };
    }
  }

  /** The next run of the thread is shown what this one was asked, and what it had said. */
  private async keep(batch: Batch, frames: FrameWriter, meter: RunMeter, log: Logger): Promise<Outcome> {
    frames.endAnswer();
    frames.run('cancelled', 'The run was cancelled.');
    await frames.drain();
    const content = frames.written;
    await this.graph
      .keep(batch, content)
      .catch((error: unknown) => log.warn({ err: error }, 'what was said is not remembered'));
    log.info({ characters: content.length }, 'run cancelled');
    return { outcome: 'cancelled', content, ...counted({ token_usage: meter.entries }) };
  }

  private async countTaken(batch: Batch): Promise<number> {
    return this.graph.countTaken(batch).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'not known whether these messages were answered before');
      return 0;
    });
  }
}

const sum = (spent: TokenUsage[], of: 'input_tokens' | 'output_tokens'): number =>
  spent.reduce((total, entry) => total + entry[of], 0);

const counted = ({ token_usage }: { token_usage: TokenUsage[] }): { token_usage?: TokenUsage[] } =>
  token_usage.length > 0 ? { token_usage } : {};

type OwnFields<Report> = Report extends unknown
  ? Omit<
      Report,
      | 'message_id'
      | 'thread_id'
      | 'run_id'
      | 'generation'
      | 'joined_message_ids'
      | 'tool_calls'
      | 'traceparent'
    >
  : never;
type Outcome = OwnFields<RunnerReport>;
