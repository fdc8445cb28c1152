import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type ErrorCode, isErrorCode, newMessageId, type RunnerReport } from '@roost/contracts';
import { Messaging, type StreamConsumer } from '@roost/messaging';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { CheckpointsRepository } from '../checkpoints/checkpoints.repository';
import { InstancesRepository } from '../lifecycle/instances.repository';
import { LOGGER } from '../logging';
import { failureFrame, replyFrame } from './message.views';
import { MessagesRepository } from './messages.repository';

const BATCH = 64;
const GENERATION_MAX = 2 ** 31 - 1;
/** Milliseconds after which another manager's unfinished reports are taken over. */
const ABANDONED_MS = 30_000;

/** Takes in what runners report: commits it, then shows it. A report is repeated until both have happened. */
@Injectable()
export class RepliesService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly consumer = `manager-${randomUUID()}`;
  private readonly underWay = new Map<string, { again: boolean; done: Promise<void> }>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly messages: MessagesRepository,
    private readonly instances: InstancesRepository,
    private readonly checkpoints: CheckpointsRepository,
    private readonly messaging: Messaging,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = await this.messaging.topics.onReportsReady((agent_id) => {
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
    state.done = this.drain(agent_id, state);
    return state.done;
  }

  /** Gives up on all that an agent owes, visibly. */
  async failOwed(agent_id: string, code: ErrorCode, detail: string): Promise<void> {
    for (const { id, thread_id } of await this.messages.failOwed(agent_id, code)) {
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
      this.underWay.delete(agent_id);
    }
  }

  private async readAll(agent_id: string, consumer: StreamConsumer<'reports'>): Promise<void> {
    for (;;) {
      const entries = await consumer.read(BATCH);
      if (entries.length === 0) return;
      await this.handle(agent_id, consumer, entries);
    }
  }

  private async handle(
    agent_id: string,
    consumer: StreamConsumer<'reports'>,
    entries: { id: string; payload: RunnerReport }[],
  ): Promise<void> {
    for (const { id, payload } of entries) {
      await this.commit(agent_id, payload).catch((error: unknown) => this.setAside(agent_id, payload, error));
      await consumer.acknowledge(id);
    }
  }

  /** What PostgreSQL will never store ends as a visible failure; anything else is repeated. */
  private async setAside(agent_id: string, report: RunnerReport, error: unknown): Promise<void> {
    const sqlstate = (error as { code?: unknown }).code;
    if (typeof sqlstate !== 'string' || !/^2[23]/.test(sqlstate)) throw error;
    this.logger.error(
      { err: error, agent_id, message_id: report.message_id },
      'a report that cannot be stored',
    );
    const { message_id, thread_id, run_id } = report;
    const generation = Math.min(report.generation, GENERATION_MAX);
    const detail = 'The answer could not be stored.';
    await this.commit(agent_id, {
      outcome: 'failed',
      message_id,
      thread_id,
      run_id,
      generation,
      code: 'run_failed',
      detail,
    });
  }

  private async commit(agent_id: string, report: RunnerReport): Promise<void> {
    if (report.outcome === 'failed') {
      const code = isErrorCode(report.code) ? report.code : 'run_failed';
      if (!(await this.messages.commitFailure(agent_id, report.message_id, code, report.generation))) return;
      await this.messaging.eventLog.append(
        agent_id,
        report.thread_id,
        failureFrame(report.message_id, code, report.detail),
      );
      return;
    }
    const reply = await this.messages.commitReply(newMessageId(), agent_id, withoutNul(report));
    if (!reply) {
      this.logger.warn(
        { agent_id, message_id: report.message_id, generation: report.generation },
        'report of another generation refused',
      );
      return;
    }
    await this.messaging.eventLog.append(agent_id, reply.thread_id, replyFrame(reply));
    await this.instances.forgetFailures(agent_id);
    await this.checkpoints.prune(agent_id, reply.thread_id);
  }
}

/** PostgreSQL stores every character but this one. */
const withoutNul = <Report extends { content: string }>(report: Report): Report => ({
  ...report,
  content: report.content.replaceAll('\0', ''),
});
