import { InOrder } from './in.order';
import { conversationKey, type Incoming, type Place, readUpdate } from './incoming';
import { answerCommand, answerContact, answerUnsupported, decide } from './service.answers';
import type { SessionContext } from './session.context';
import { TextMessages } from './text.messages';
import type { UpdateEntity } from '../ingest/update.entity';
import { backoff, pause } from '../ingest/pause';
import { untilDone } from './until.done';

/** Updates of one bot that are at work at a time; more wait in PostgreSQL. */
const AT_WORK_MAX = 200;
/** Milliseconds between two looks, where nobody said that there is something new. */
const LOOK_MS = 1_000;

/** Takes the updates of one bot to the agent, in order within a conversation and side by side otherwise. */
export class Conversations {
  private readonly atWork = new Set<Promise<void>>();
  private readonly order = new InOrder();
  private readonly texts: TextMessages;
  private readonly taken = new Set<number>();
  private wake: () => void = () => undefined;

  constructor(private readonly context: SessionContext) {
    this.texts = new TextMessages(context, this.order);
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
        const room = AT_WORK_MAX - this.atWork.size;
        const open = room > 0 ? await updates.open(this.context, AT_WORK_MAX + this.taken.size) : [];
        for (const update of open.filter(({ update_id }) => !this.taken.has(update_id)).slice(0, room))
          this.begin(update);
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, bot_id }, 'the updates cannot be read; trying again');
      }
      await Promise.race([woken, pause(failures === 0 ? LOOK_MS : backoff(failures), signal)]);
    }
    await Promise.allSettled(this.atWork);
  }

  private begin(update: UpdateEntity): void {
    const { update_id } = update;
    this.taken.add(update_id);
    const done = this.handle(update)
      .catch((error: unknown) => {
        this.context.logger.warn(
          { err: error, bot_id: this.context.bot_id, update_id },
          'an update was not dealt with; trying again',
        );
        return pause(LOOK_MS, this.context.signal);
      })
      .finally(() => {
        this.taken.delete(update_id);
        this.atWork.delete(done);
        this.wake();
      });
    this.atWork.add(done);
  }

  private async handle(update: UpdateEntity): Promise<void> {
    const { bot_id, username, integration, updates } = this.context;
    const incoming: Incoming = update.payload
      ? readUpdate(update.payload, { id: bot_id, username }, integration)
      : { kind: 'ignored' };
    switch (incoming.kind) {
      case 'text':
        return this.texts.take(update, incoming);
      case 'command':
      case 'contact':
      case 'unsupported':
        // After what the user said before: /new must not take an earlier message along.
        return this.inOrder(incoming.place, () => this.answer(update, incoming));
      case 'moved':
        return this.inOrder({ chat_id: incoming.to, topic_id: 0 }, () =>
          this.move(update.update_id, incoming),
        );
      case 'decision':
        return decide(this.context, update.update_id, incoming);
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
    return this.order.run(conversationKey(place), async () => {
      await untilDone(this.context, 'an update was not dealt with', work);
    });
  }

  private async move(update_id: number, { from, to }: Extract<Incoming, { kind: 'moved' }>): Promise<void> {
    const { bot_id, conversations, updates } = this.context;
    await conversations.move(bot_id, from, to);
    await updates.finish(bot_id, update_id, 'ignored', []);
  }

  private answer(
    { update_id }: UpdateEntity,
    incoming: Extract<Incoming, { kind: 'command' | 'contact' | 'unsupported' }>,
  ): Promise<void> {
    switch (incoming.kind) {
      case 'command':
        return answerCommand(this.context, update_id, incoming);
      case 'contact':
        return answerContact(this.context, update_id, incoming);
      case 'unsupported':
        return answerUnsupported(this.context, update_id, incoming);
    }
  }
}
