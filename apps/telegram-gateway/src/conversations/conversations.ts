import { AwaitedApprovals } from './awaited.approvals';
import { InOrder } from './in.order';
import { conversationKey, type Incoming, type Place, readUpdate } from './incoming';
import { answerCommand, answerContact, answerUnsupported, decide } from './service.answers';
import type { SessionContext } from './session.context';
import { endsKey, TextMessages } from './text.messages';
import type { UpdateEntity } from '../ingest/update.entity';
import { backoff, pause } from '../ingest/pause';
import { untilDone } from './until.done';

/** Updates of one bot that are at work at a time, but for those that wait for a person; more wait in PostgreSQL. */
const AT_WORK_MAX = 200;
/** Commands and buttons beside them. */
const CONTROLS_MAX = 50;
/** Milliseconds between two looks, where nobody said that there is something new. */
const LOOK_MS = 1_000;

interface AtWork {
  update: UpdateEntity;
  incoming: Incoming;
  done: Promise<void>;
}

/** Takes the updates of one bot to the agent, in order within a conversation and side by side otherwise. */
export class Conversations {
  private readonly atWork = new Map<number, AtWork>();
  private readonly order = new InOrder();
  private readonly approvals = new AwaitedApprovals();
  private readonly texts: TextMessages;
  private wake: () => void = () => undefined;

  constructor(private readonly context: SessionContext) {
    this.texts = new TextMessages(context, this.order, this.approvals);
  }

  /** There is something new. */
  look(): void {
    this.wake();
  }

  /** Runs until the signal; resolves once nothing is under way. */
  async run(): Promise<void> {
    const { bot_id, updates, signal, logger } = this.context;
    let failures = 0;
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      try {
        this.take(await updates.open(this.context, AT_WORK_MAX + CONTROLS_MAX + this.atWork.size));
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, bot_id }, 'the updates cannot be read; trying again');
      }
      await Promise.race([woken, pause(failures === 0 ? LOOK_MS : backoff(failures), signal)]);
    }
    await Promise.allSettled([...this.atWork.values()].map(({ done }) => done));
  }

  /** Begins as much as there is room for. */
  private take(open: UpdateEntity[]): void {
    const busy = [...this.atWork.values()].filter(
      ({ update }) => !this.approvals.isAwaitedIn(update.thread_id),
    );
    const controls = busy.filter(({ incoming }) => isControl(incoming)).length;
    const room = { controls: CONTROLS_MAX - controls, others: AT_WORK_MAX - (busy.length - controls) };
    for (const update of open) {
      if (this.atWork.has(update.update_id)) continue;
      const incoming = this.read(update);
      const kind = isControl(incoming) ? 'controls' : 'others';
      if (room[kind] <= 0) continue;
      room[kind] -= 1;
      this.begin(update, incoming);
    }
  }

  private read({ payload }: UpdateEntity): Incoming {
    const { bot_id, username, integration } = this.context;
    return payload ? readUpdate(payload, { id: bot_id, username }, integration) : { kind: 'ignored' };
  }

  private begin(update: UpdateEntity, incoming: Incoming): void {
    const { update_id } = update;
    const done = this.handle(update, incoming)
      .catch((error: unknown) => {
        this.context.logger.warn(
          { err: error, bot_id: this.context.bot_id, update_id },
          'an update was not dealt with; trying again',
        );
        return pause(LOOK_MS, this.context.signal);
      })
      .finally(() => {
        this.atWork.delete(update_id);
        this.wake();
      });
    this.atWork.set(update_id, { update, incoming, done });
  }

  private async handle(update: UpdateEntity, incoming: Incoming): Promise<void> {
    const { bot_id, updates } = this.context;
    switch (incoming.kind) {
      case 'text':
        return this.texts.take(update, incoming);
      case 'command':
        // After what the user said before: /new must not take an earlier message along. But what does not get
        // through must not keep /stop from ending it.
        return this.order.pass(conversationKey(incoming.place), () =>
          this.untilDone(() => this.command(update.update_id, incoming)),
        );
      case 'contact':
        return this.inOrder(incoming.place, () => answerContact(this.context, update.update_id, incoming));
      case 'unsupported':
        return this.inOrder(incoming.place, () =>
          answerUnsupported(this.context, update.update_id, incoming),
        );
      case 'moved':
        return this.inOrder({ chat_id: incoming.to, topic_id: 0 }, () =>
          this.move(update.update_id, incoming),
        );
      case 'decision':
        return this.untilDone(() => decide(this.context, update.update_id, incoming, this.approvals));
      case 'stale_button':
        await this.context.api
          .call('answerCallbackQuery', { callback_query_id: incoming.callback_query_id })
          .catch(() => undefined);
        return updates.finish(bot_id, update.update_id, 'ignored', []);
      case 'ignored':
        return updates.finish(bot_id, update.update_id, 'ignored', []);
    }
  }

  private inOrder(place: Pick<Place, 'chat_id' | 'topic_id'>, work: () => Promise<void>): Promise<void> {
    return this.order.run(conversationKey(place), () => this.untilDone(work));
  }

  private async untilDone(work: () => Promise<void>): Promise<void> {
    await untilDone(this.context, 'an update was not dealt with', work);
  }

  private async command(update_id: number, incoming: Extract<Incoming, { kind: 'command' }>): Promise<void> {
    await answerCommand(this.context, update_id, incoming);
    // What is said from here on is no matter of the thread before, which may wait for somebody.
    if (incoming.command === 'new') this.order.forget(endsKey(incoming.place));
  }

  private async move(update_id: number, { from, to }: Extract<Incoming, { kind: 'moved' }>): Promise<void> {
    const { bot_id, conversations, updates } = this.context;
    await conversations.move(bot_id, from, to);
    await updates.finish(bot_id, update_id, 'ignored', []);
  }
}

const isControl = ({ kind }: Incoming): boolean =>
  kind === 'command' || kind === 'decision' || kind === 'stale_button';
