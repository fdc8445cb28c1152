import { Injectable } from '@nestjs/common';
import {
  type Citation,
  type LoggedFrame,
  newMessageId,
  type RunnerReport,
  type RunTimeline,
} from '@roost/contracts';
import { Messaging, type StreamedRun } from '@roost/messaging';
import type { MessageEntity } from '../chat/message.entity';
import { failureFrame, replyFrame } from '../chat/message.views';
import { ManagerMetrics } from '../metrics/manager.metrics';
import { type OwedInThread, RunEndingsRepository } from './run-endings.repository';

/** Entries of an inbox that are looked at for cancelled messages; more than an inbox usually holds. */
const INBOX_MAX = 2_000;
const DETAIL = 'Nothing had been said yet. Send the message again if you still want an answer.';

type Report<Outcome> = Extract<RunnerReport, { outcome: Outcome }>;

/** Ends runs that were cancelled or answer several messages: once each, whoever says so first. */
@Injectable()
export class RunEndings {
  constructor(
    private readonly endings: RunEndingsRepository,
    private readonly messaging: Messaging,
    private readonly metrics: ManagerMetrics,
  ) {}

  /** Commits the one reply to joined messages. @returns null when the report was refused. */
  async commitJoined(
    agent_id: string,
    report: Report<'completed'>,
  ): Promise<{ reply: MessageEntity; joined: string[] } | null> {
    return this.commitReply(agent_id, { ...report, interrupted: false });
  }

  /** What an instance reports of a run it has stopped: commits it, then shows it. */
  async takeIn(agent_id: string, report: Report<'cancelled'>): Promise<void> {
    const { thread_id, message_id, joined_message_ids = [], generation } = report;
    if (report.content !== '') {
      const committed = await this.commitReply(agent_id, { ...report, usage: null, interrupted: true });
      if (committed)
        await this.messaging.eventLog.append(
          agent_id,
          thread_id,
          replyFrame(committed.reply, committed.joined),
        );
      return;
    }
    const ids = [...joined_message_ids, message_id];
    const ended = await this.commitCancelled(agent_id, ids, generation);
    await this.show(agent_id, thread_id, inOrder(ids, ended).map(cancelledFrame));
  }

  /**
   * Ends messages without their instance: there is none, or it is silent. Their runs are barred from the log first,
   * so that what is committed is what was streamed, and nothing follows it.
   */
  async end(agent_id: string, messages: OwedInThread[]): Promise<void> {
    for (const thread_id of new Set(messages.map((message) => message.thread_id))) {
      const there = messages.filter((message) => message.thread_id === thread_id);
      await this.endInThread(agent_id, thread_id, there);
    }
    const ended = new Set(messages.map(({ id }) => id));
    const isEnded = ({ message_id }: { message_id: string }): boolean => ended.has(message_id);
    await this.messaging.streams.remove('inbox', agent_id, isEnded, INBOX_MAX);
  }

  private async endInThread(agent_id: string, thread_id: string, messages: OwedInThread[]): Promise<void> {
    const ids = messages.map(({ id }) => id);
    const streamed = await this.messaging.eventLog.endRuns(agent_id, thread_id, ids);
    const texts = new Map(messages.map(({ id, said }) => [id, said ?? streamed.get(id)?.content ?? '']));
    for (const message_id of ids) {
      const content = texts.get(message_id) ?? '';
      if (content === '') continue;
      const run = streamed.get(message_id);
      const committed = await this.commitReply(agent_id, {
        message_id,
        thread_id,
        content,
        generation: null,
        usage: null,
        interrupted: true,
      });
      if (committed)
        await this.show(agent_id, thread_id, [
          ...(run ? [cancelledRun(message_id, run)] : []),
          replyFrame(committed.reply),
        ]);
    }
    const silent = ids.filter((id) => texts.get(id) === '');
    const ended = await this.commitCancelled(agent_id, silent, null);
    const frames = inOrder(silent, ended).flatMap((id) => {
      const run = streamed.get(id);
      return run ? [cancelledRun(id, run), cancelledFrame(id)] : [cancelledFrame(id)];
    });
    await this.show(agent_id, thread_id, frames);
  }

  private async commitCancelled(
    agent_id: string,
    ids: string[],
    generation: number | null,
  ): Promise<OwedInThread[]> {
    const ended = await this.endings.commitCancelled(agent_id, ids, generation);
    for (let count = 0; count < ended.length; count += 1) this.metrics.messageFailed('run_cancelled');
    return ended;
  }

  private async commitReply(
    agent_id: string,
    run: Pick<Report<'completed'>, 'message_id' | 'thread_id' | 'content' | 'usage'> & {
      joined_message_ids?: string[] | undefined;
      timeline?: RunTimeline | undefined;
      citations?: Citation[] | undefined;
      generation: number | null;
      interrupted: boolean;
    },
  ): Promise<{ reply: MessageEntity; joined: string[] } | null> {
    const { message_id, thread_id, content, usage, generation, interrupted, joined_message_ids = [] } = run;
    const reply_id = newMessageId();
    const reply = await this.endings.commitReply({
      reply_id,
      agent_id,
      thread_id,
      message_id,
      joined_message_ids,
      content,
      generation,
      usage,
      interrupted,
      timeline: run.timeline ?? null,
      citations: run.citations,
    });
    if (!reply) return null;
    const joined = joined_message_ids.length > 0 ? await this.endings.listJoined(message_id) : [];
    // Not when it had been committed before.
    if (reply.id === reply_id) this.metrics.messageAnswered(reply.timeline, joined.length);
    return { reply, joined };
  }

  private async show(agent_id: string, thread_id: string, [first, ...rest]: LoggedFrame[]): Promise<void> {
    if (first) await this.messaging.eventLog.append(agent_id, thread_id, first, ...rest);
  }
}

const cancelledFrame = (message_id: string): LoggedFrame => failureFrame(message_id, 'run_cancelled', DETAIL);

const cancelledRun = (message_id: string, { run_id }: StreamedRun): LoggedFrame => ({
  type: 'run',
  content: 'The run was cancelled.',
  run_id,
  state: 'cancelled',
  message_id,
});

/** A statement returns rows in no order. */
function inOrder(ids: string[], ended: OwedInThread[]): string[] {
  const found = new Set(ended.map(({ id }) => id));
  return ids.filter((id) => found.has(id));
}
