import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type ErrorCode, isErrorCode, newMessageId, type RunnerReport } from '@roost/contracts';
import { Messaging, type StreamConsumer } from '@roost/messaging';
import { inSpan } from '@roost/service-kit/tracing';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pTimeout from 'p-timeout';
import type { Logger } from 'pino';
import { RunPauses } from '../approvals/pauses.service';
import { CheckpointsRepository } from '../checkpoints/checkpoints.repository';
import { RunEndings } from '../cancelling/run-endings.service';
import { InstancesRepository } from '../lifecycle/instances.repository';
import { LOGGER } from '../logging';
import { UsageRepository } from '../usage/usage.repository';
import { ManagerMetrics } from '../metrics/manager.metrics';
import { UsageMetrics } from '../metrics/usage.metrics';
import { failureFrame, replyFrame } from './message.views';
import { MessagesRepository } from './messages.repository';
import { outlookOf } from './report.outlook';
import { ThreadsRepository } from './threads.repository';

const BATCH = 64;
const GENERATION_MAX = 2 ** 31 - 1;
/** Milliseconds after which another manager's unfinished reports are taken over. */
const ABANDONED_MS = 30_000;
/** The same for reports that a later one waits for. Two managers with one report do no harm. */
const HOLDING_UP_MS = 250;
/** Milliseconds between two looks whether another manager is done. */
const LOOK_MS = 20;
/** Milliseconds after which a reader that hangs keeps others from reading no more. */
const DRAIN_MS_MAX = 60_000;
/** Deliveries after which a report is given up that fails for a reason of its own. */
const DELIVERIES_MAX = 5;

/** Takes in what runners report: commits it, then shows it. A report is repeated until both have happened. */
@Injectable()
export class RepliesService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly consumer = `manager-${randomUUID()}`;
  private readonly underWay = new Map<string, { again: boolean; done: Promise<void> }>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly messages: MessagesRepository,
    private readonly endings: RunEndings,
    private readonly pauses: RunPauses,
    private readonly instances: InstancesRepository,
    private readonly checkpoints: CheckpointsRepository,
    private readonly threads: ThreadsRepository,
    private readonly messaging: Messaging,
    private readonly metrics: ManagerMetrics,
    private readonly usage: UsageRepository,
    private readonly spending: UsageMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.messaging.topics.onReportsReady((agent_id) => {
      this.takeIn(agent_id).catch((error: unknown) => {
        this.logger.warn({ err: error, agent_id }, 'reports not taken in; the reconciler repeats this');
      });
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    await Promise.allSettled([...this.underWay.values()].map(({ done }) => done));
  }

  /** Resolves when everything the agent had reported by now is committed and shown. One reader an agent. */
  takeIn(agent_id: string): Promise<void> {
    const current = this.underWay.get(agent_id);
    if (current) {
      current.again = true;
      return current.done;
    }
    const state = { again: false, done: Promise.resolve() };
    this.underWay.set(agent_id, state);
    state.done = pTimeout(this.drain(agent_id, state), { milliseconds: DRAIN_MS_MAX }).catch(
      (error: unknown) => {
        this.leave(agent_id, state);
        throw error;
      },
    );
    return state.done;
  }

  /** Gives up on all that an agent owes, visibly. */
  async failOwed(agent_id: string, code: ErrorCode, detail: string): Promise<void> {
    for (const { id, thread_id } of await this.messages.failOwed(agent_id, code)) {
      this.metrics.messageFailed(code);
      await this.messaging.eventLog
        .append(agent_id, thread_id, failureFrame(id, code, detail))
        .catch((error: unknown) => {
          this.logger.warn({ err: error, agent_id, message_id: id }, 'a failure is stored and was not shown');
        });
    }
  }

  private async drain(agent_id: string, state: { again: boolean }): Promise<void> {
    const consumer = this.messaging.consumer(
      {
        name: 'reports',
        agent_id,
        consumer: this.consumer,
        onRejected: (entry_ids) =>
          this.logger.error({ agent_id, entry_ids }, 'reports that do not fit the schema were dropped'),
      },
      false,
    );
    try {
      // What failed here before, as when PostgreSQL was away, need not seem abandoned first.
      await this.handle(agent_id, consumer, await consumer.readAgain(BATCH));
      await this.handle(agent_id, consumer, await consumer.takeOver(ABANDONED_MS, BATCH));
      // Told of more while it read: once more, so that whoever told finds it taken in.
      for (state.again = true; state.again;) {
        state.again = false;
        await this.readAll(agent_id, consumer);
      }
    } finally {
      // In the same tick as the last look at `again`: nobody is told "under way" of work that has ended.
      this.leave(agent_id, state);
    }
  }

  private leave(agent_id: string, state: object): void {
    if (this.underWay.get(agent_id) === state) this.underWay.delete(agent_id);
  }

  private async readAll(agent_id: string, consumer: StreamConsumer<'reports'>): Promise<void> {
    for (;;) {
      const entries = await consumer.read(BATCH);
      const [first] = entries;
      if (!first) return;
      await this.letEarlierEnd(agent_id, consumer, first.id);
      await this.handle(agent_id, consumer, entries);
    }
  }

  /** A reply is not committed before those reported earlier, even if the manager that read them is dead. */
  private async letEarlierEnd(
    agent_id: string,
    consumer: StreamConsumer<'reports'>,
    entry_id: string,
  ): Promise<void> {
    for (let waited = 0; await consumer.isOvertaking(entry_id); waited += LOOK_MS) {
      if (waited > HOLDING_UP_MS)
        return this.handle(agent_id, consumer, await consumer.takeOver(HOLDING_UP_MS, BATCH));
      await pause(LOOK_MS);
    }
  }

  private async handle(
    agent_id: string,
    consumer: StreamConsumer<'reports'>,
    entries: { id: string; payload: RunnerReport }[],
  ): Promise<void> {
    for (const { id, payload } of entries) {
      try {
        await this.traced(agent_id, payload);
        await this.book(agent_id, payload);
      } catch (error) {
        if (await this.waits(agent_id, consumer, id, error)) continue;
        await this.setAside(agent_id, payload, error);
      }
      // Whoever acknowledges it counts it: two managers may have read it.
      const is_first = (await consumer.acknowledge(id)) === 1;
      if (is_first) this.spending.toolsCalled(payload.run_id, payload.tool_calls ?? []);
    }
  }

  /** After the reply, which somebody waits for. A run that was interrupted goes on counting: a message is booked once. */
  private async book(agent_id: string, { message_id, token_usage = [] }: RunnerReport): Promise<void> {
    await this.usage.book({ booking_id: message_id, agent_id, message_id, usage: token_usage });
  }

  /** Whether a report that failed is tried again later, while those behind it go on. @throws what ends by itself */
  private async waits(
    agent_id: string,
    consumer: StreamConsumer<'reports'>,
    entry_id: string,
    error: unknown,
  ): Promise<boolean> {
    switch (outlookOf(error)) {
      case 'passes':
        throw error;
      case 'never':
        return false;
      case 'unclear': {
        const deliveries = await consumer.deliveries(entry_id);
        this.logger.error({ err: error, agent_id, entry_id, deliveries }, 'a report cannot be committed');
        return deliveries < DELIVERIES_MAX;
      }
    }
  }

  /** A report that cannot be committed ends as a visible failure, so that nothing waits for it for ever. */
  private async setAside(agent_id: string, report: RunnerReport, error: unknown): Promise<void> {
    const { message_id, thread_id, run_id, joined_message_ids } = report;
    this.logger.error({ err: error, agent_id, message_id, thread_id }, 'a report was set aside');
    const generation = Math.min(report.generation, GENERATION_MAX);
    const detail = 'The answer could not be stored.';
    try {
      if (report.outcome === 'paused') await this.pauses.giveUp(agent_id, report);
      await this.commit(agent_id, {
        ...{ outcome: 'failed', message_id, thread_id, run_id, joined_message_ids },
        ...{ generation, code: 'run_failed', detail },
      });
    } catch (failure) {
      if (outlookOf(failure) === 'passes') throw failure;
      this.logger.error({ err: failure, agent_id, message_id }, 'nor can its failure be shown');
    }
  }

  /** A thread that was deleted during its run: what the run wrote since goes, too. */
  private async forgetDeleted(agent_id: string, thread_id: string): Promise<void> {
    if (await this.threads.find(thread_id)) return;
    await this.checkpoints.deleteThread(agent_id, thread_id);
    await this.messaging.eventLog.drop(agent_id, thread_id);
  }

  private traced(agent_id: string, report: RunnerReport): Promise<void> {
    const { thread_id, outcome, traceparent: parent } = report;
    const attributes = {
      'gen_ai.agent.id': agent_id,
      'gen_ai.conversation.id': thread_id,
      'roost.outcome': outcome,
    };
    return inSpan({ name: 'commit_reply', attributes, parent }, () => this.commit(agent_id, report));
  }

  private async commit(agent_id: string, report: RunnerReport): Promise<void> {
    if (report.outcome === 'cancelled') return this.endings.takeIn(agent_id, report);
    if (report.outcome === 'paused') return this.pauses.takeIn(agent_id, withoutNul(report));
    const { joined_message_ids = [] } = report;
    if (report.outcome === 'failed') {
      for (const message_id of [...joined_message_ids, report.message_id])
        await this.commitFailure(agent_id, { ...report, message_id });
      return;
    }
    const committed =
      joined_message_ids.length > 0
        ? await this.endings.commitJoined(agent_id, withoutNul(report))
        : await this.commitReply(agent_id, report);
    if (!committed) {
      this.logger.warn(
        { agent_id, message_id: report.message_id, generation: report.generation },
        'report of another generation refused',
      );
      return this.forgetDeleted(agent_id, report.thread_id);
    }
    const { reply, joined } = committed;
    await this.messaging.eventLog.append(agent_id, reply.thread_id, replyFrame(reply, joined));
    await this.instances.forgetFailures(agent_id);
    await this.checkpoints.prune(agent_id, reply.thread_id);
  }

  private async commitReply(agent_id: string, report: Extract<RunnerReport, { outcome: 'completed' }>) {
    const reply_id = newMessageId();
    const reply = await this.messages.commitReply(reply_id, agent_id, withoutNul(report));
    // Not when it had been committed before, by a manager that did not live to show it.
    if (reply?.id === reply_id) this.metrics.messageAnswered(reply.timeline);
    return reply && { reply, joined: [] };
  }

  private async commitFailure(
    agent_id: string,
    report: Extract<RunnerReport, { outcome: 'failed' }>,
  ): Promise<void> {
    const { message_id, thread_id, detail, generation } = report;
    const code = isErrorCode(report.code) ? report.code : 'run_failed';
    if (!(await this.messages.commitFailure(agent_id, message_id, code, generation)))
      return this.forgetDeleted(agent_id, thread_id);
    this.metrics.messageFailed(code);
    await this.messaging.eventLog.append(agent_id, thread_id, failureFrame(message_id, code, detail));
  }
}

/** PostgreSQL stores every character but this one. */
const withoutNul = <Report extends { content: string }>(report: Report): Report => ({
  ...report,
  content: report.content.replaceAll('\0', ''),
});
