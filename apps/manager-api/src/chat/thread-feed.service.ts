import { Injectable } from '@nestjs/common';
import {
  type ApprovalRequestFrame,
  fitFrame,
  fitTranscript,
  type LoggedFrame,
  type ResyncFrame,
} from '@roost/contracts';
import { EVENT_LOG_PAGE, isLater, type LoggedEvent, Messaging, sameEpoch } from '@roost/messaging';
import { approvalFrame } from '../approvals/approval.views';
import { ApprovalsRepository } from '../approvals/approvals.repository';
import { toMessageObject } from './message.views';
import { MessagesRepository } from './messages.repository';

/** Messages a resync shows. */
const TRANSCRIPT_MAX = 200;
/** Events that may arrive while a page of missed ones is read; more means another page. */
const BACKLOG_MAX = 1_000;
/** Final frames remembered, to show each once. */
const FINALS_MAX = 1_000;

export type FeedFrame =
  (LoggedFrame & { thread_id: string; event_id: string }) | ResyncFrame | ApprovalRequestFrame;

/** Resolves when the reader has room for more. */
export type Pace = () => Promise<void>;

/** The frames of a thread from a place on: subscribe, then read what was missed, then drop what came twice. */
@Injectable()
export class ThreadFeed {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly approvals: ApprovalsRepository,
    private readonly messaging: Messaging,
  ) {}

  /**
   * Delivers what follows `after` (null: from now on), in order, until the result is called. When `after` is not in
   * the log any more, a `resync` frame with the transcript comes first. A long log is read page by page, each when
   * `pace` lets it.
   */
  async follow(
    agent_id: string,
    thread_id: string,
    after: string | null,
    deliver: (frame: FeedFrame) => void,
    pace: Pace = () => Promise.resolve(),
  ): Promise<() => void> {
    const reader = new FeedReader(thread_id, deliver, pace, () => recover());
    const recover = (): void => {
      this.recover(agent_id, thread_id, reader).catch(() => undefined); // The next reconnect tries again.
    };
    const unsubscribe = await this.messaging.topics.onThread(agent_id, thread_id, (event) =>
      reader.live(event),
    );
    const stopRecovering = this.messaging.topics.onRestored(recover);
    const unfollow = (): void => {
      reader.end();
      stopRecovering();
      unsubscribe();
    };
    try {
      if (after === null) this.noteBeginning(agent_id, thread_id, reader);
      else await this.catchUp(agent_id, thread_id, after, reader);
      reader.open();
    } catch (error) {
      unfollow();
      throw error;
    }
    return unfollow;
  }

  /** What was published while nobody listened is read from the log. */
  private async recover(agent_id: string, thread_id: string, reader: FeedReader): Promise<void> {
    await this.catchUp(agent_id, thread_id, reader.hold(), reader);
    reader.open();
  }

  private async catchUp(
    agent_id: string,
    thread_id: string,
    after: string | null,
    reader: FeedReader,
  ): Promise<void> {
    for (let from = after; !reader.ended;) {
      // What was published until now is read from the log: only what comes during the last page is kept back.
      reader.forgetBacklog();
      const page = await this.messaging.eventLog.since(agent_id, thread_id, from, EVENT_LOG_PAGE);
      if (!page) return this.resync(agent_id, thread_id, reader);
      reader.catchUp(from, page);
      if (page.length < EVENT_LOG_PAGE && !reader.overflowed) return;
      from = page.at(-1)?.event_id ?? from;
      await reader.pace();
    }
  }

  /** Beside the way: only a reader that loses its connection before its first event asks for it. */
  private noteBeginning(agent_id: string, thread_id: string, reader: FeedReader): void {
    this.messaging.eventLog.tip(agent_id, thread_id).then(
      (tip) => reader.beginAfter(tip),
      () => undefined,
    );
  }

  private async resync(agent_id: string, thread_id: string, reader: FeedReader): Promise<void> {
    // The place first, then the transcript: what is committed in between comes twice and is dropped by its id.
    const tip = await this.messaging.eventLog.tip(agent_id, thread_id);
    const transcript = await this.messages.transcript(thread_id, TRANSCRIPT_MAX);
    const pending = await this.approvals.listPending(thread_id);
    reader.resync(tip, fitTranscript(transcript.map(toMessageObject)), pending.map(approvalFrame));
    if (tip !== null) await this.catchUp(agent_id, thread_id, tip, reader);
  }
}

/** What may stand in the log more than once and is shown once. */
function onceOf(frame: LoggedFrame): string | null {
  if (frame.type === 'message' || frame.type === 'user_message') return frame.message_object.id;
  return frame.type === 'approval_request' ? frame.approval_id : null;
}

class FeedReader {
  private backlog: LoggedEvent[] | null = [];
  private last: string | null = null;
  private readonly finals = new Set<string>();
  private over = false;

  constructor(
    private readonly thread_id: string,
    private readonly deliver: (frame: FeedFrame) => void,
    readonly pace: Pace,
    /** The log has begun a new life: what stood between its last entry and this one is gone. */
    private readonly onLost: () => void,
  ) {}

  get overflowed(): boolean {
    return (this.backlog?.length ?? 0) > BACKLOG_MAX;
  }

  get ended(): boolean {
    return this.over;
  }

  end(): void {
    this.over = true;
  }

  /** Keeps back only what comes from now on, until {@link open}. */
  forgetBacklog(): void {
    this.backlog = [];
  }

  live(event: LoggedEvent): void {
    if (this.backlog) {
      if (!this.overflowed) this.backlog.push(event);
    } else if (this.last !== null && !sameEpoch(event.event_id, this.last)) {
      this.backlog = [event];
      this.onLost();
    } else this.pass(event);
  }

  /** Nothing has been seen yet, and this was the newest entry when listening began. */
  beginAfter(tip: string | null): void {
    this.last ??= tip;
  }

  /** Keeps back what comes until {@link open}. @returns where it stands; null when it has seen nothing. */
  hold(): string | null {
    this.backlog ??= [];
    return this.last;
  }

  catchUp(after: string | null, missed: LoggedEvent[]): void {
    this.last = after;
    for (const event of missed) this.pass(event);
  }

  resync(
    tip: string | null,
    messages: ResyncFrame['messages'],
    approvals: Extract<LoggedFrame, { type: 'approval_request' }>[],
  ): void {
    for (const { id } of messages) this.remember(id);
    this.last = tip;
    const content = 'What was missed is not in the log any more; this is the transcript.';
    this.deliver({ type: 'resync', content, messages, thread_id: this.thread_id, event_id: tip });
    for (const frame of approvals.flatMap((whole) => fitFrame(whole))) {
      if (frame.type !== 'approval_request') continue;
      this.remember(frame.approval_id);
      this.deliver({ ...frame, thread_id: this.thread_id, event_id: tip });
    }
  }

  open(): void {
    const backlog = this.backlog ?? [];
    this.backlog = null;
    for (const event of backlog) this.pass(event);
  }

  private pass({ event_id, frame }: LoggedEvent): void {
    if (this.last !== null && !isLater(event_id, this.last)) return;
    this.last = event_id;
    const once = onceOf(frame);
    if (once !== null) {
      if (this.finals.has(once)) return;
      this.remember(once);
    }
    this.deliver({ ...frame, thread_id: this.thread_id, event_id });
  }

  private remember(id: string): void {
    this.finals.add(id);
    if (this.finals.size > FINALS_MAX) this.finals.delete(this.finals.values().next().value ?? id);
  }
}
