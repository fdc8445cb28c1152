import type { OutboundFrame } from '@roost/contracts';
import { inSpan } from '@roost/service-kit/tracing';
import type { UpdateEntity } from '../ingest/update.entity';
import { textsFor } from '../texts/texts';
import { approvalRequest, authorizationRequest, replyMessages, serviceMessage } from './answers';
import type { InOrder } from './in.order';
import { conversationKey, type Place } from './incoming';
import { LiveView } from './live.view';
import { messageOfUser } from './message.of.user';
import { followRun, type RunEnd } from './run.follower';
import type { SessionContext } from './session.context';
import { untilDone } from './until.done';
import type { NewOutgoing } from '../outbox/outgoing.repository';

/** The message that is under way, and what the user sees of it. */
interface UnderWay {
  update: UpdateEntity;
  place: Place;
  view: LiveView | null;
}

/**
 * Messages of users on their way to the agent and back. In a conversation they are handed to the manager in order, and
 * none waits for the answer of the one before; what is said to them comes in the same order.
 */
export class TextMessages {
  constructor(
    private readonly context: SessionContext,
    private readonly order: InOrder,
  ) {}

  /** Resolves once its end is committed, or the bot is served no more. */
  take(update: UpdateEntity, said: { place: Place; text: string }): Promise<void> {
    const attributes = { 'gen_ai.agent.id': this.context.agent_id };
    return inSpan({ name: 'take_update', attributes, parent: undefined }, () => this.taken(update, said));
  }

  private async taken(update: UpdateEntity, { place, text }: { place: Place; text: string }): Promise<void> {
    const key = conversationKey(place);
    let ended: Promise<void> = Promise.resolve();
    await this.order.run(key, async () => {
      let accepted = (): void => undefined;
      const acceptance = new Promise<void>((resolve) => (accepted = resolve));
      const underWay: UnderWay = { update, place, view: null };
      const run = untilDone(this.context, 'a message is not taken to the agent', () =>
        this.follow(underWay, text, accepted),
      );
      // What fails is told by `ended`; here it only makes room for the next.
      run.catch(() => undefined);
      ended = this.order.run(`${key} ends`, async () => this.commit(underWay, await run));
      ended.catch(() => undefined);
      await Promise.race([acceptance, run.then(accepted, accepted)]);
    });
    await ended;
  }

  private async follow(underWay: UnderWay, text: string, accepted: () => void): Promise<RunEnd | null> {
    const { bot_id, agent_id, manager, conversations, signal } = this.context;
    const { update, place } = underWay;
    const phone = await conversations.phoneOf(bot_id, place.user.id);
    const thread_id = update.thread_id ?? (await conversations.threadOf(bot_id, place));
    const send = (thread: string | null) =>
      followRun(
        manager,
        agent_id,
        messageOfUser(bot_id, update.update_id, place, text, phone, thread),
        {
          accepted: async (thread_id) => {
            await this.noteAccepted(underWay, thread_id);
            accepted();
          },
          frame: (frame) => this.takeFrame(underWay, frame),
          failing: (error, failures) =>
            this.context.logger.warn(
              { err: error, bot_id, update_id: update.update_id, failures },
              'a run cannot be followed; trying again',
            ),
        },
        signal,
      );
    const end = await send(thread_id);
    const threadIsGone = end?.kind === 'refused' && end.refusal.code === 'thread_not_found';
    return threadIsGone && thread_id !== null ? send(null) : end;
  }

  private async noteAccepted(underWay: UnderWay, thread_id: string): Promise<void> {
    const { bot_id, updates, conversations, manager, api, budget, integration } = this.context;
    const { update, place } = underWay;
    const again = update.state === 'accepted';
    if (!again) {
      await conversations.setThread(bot_id, place, thread_id);
      // Dropped while it was on its way: nobody waits for the answer.
      const isWanted = await updates.accepted(bot_id, update.update_id, thread_id);
      if (!isWanted && !this.context.signal.aborted) await manager.cancel(thread_id);
      update.state = 'accepted';
      update.thread_id = thread_id;
    }
    underWay.view ??= new LiveView(api, budget, {
      place,
      update_id: update.update_id,
      streaming: integration.streaming,
      shown_message_id: update.shown_message_id,
      onShown: (message_id) => updates.shown(bot_id, update.update_id, message_id),
      onRefused: (wait_ms) => void this.context.refused(place.chat_id, wait_ms),
    });
    if (!again) return;
    // Asked while nobody followed.
    for (const { id, tool, arguments: values } of await manager.pendingApprovals(thread_id))
      await this.say(underWay, [approvalRequest(place, { approval_id: id, tool, arguments: values })]);
  }

  private async takeFrame(underWay: UnderWay, frame: OutboundFrame): Promise<void> {
    switch (frame.type) {
      case 'token':
        underWay.view?.add(frame.content);
        return;
      case 'approval_request':
        return this.say(underWay, [approvalRequest(underWay.place, frame)]);
      case 'authorization_request':
        return this.say(underWay, authorizationRequest(underWay.place, frame.message_id, frame.content));
      default:
        return;
    }
  }

  private async say({ update }: UnderWay, messages: NewOutgoing[]): Promise<void> {
    await this.context.outgoing.addMeanwhile(this.context.bot_id, update.update_id, messages);
    this.context.look();
  }

  private async commit(underWay: UnderWay, end: RunEnd | null): Promise<void> {
    await underWay.view?.end();
    if (!end) return;
    const { bot_id, updates } = this.context;
    const { outcome, messages } = this.said(underWay, end);
    await untilDone(this.context, 'an answer cannot be committed', () =>
      updates.finish(bot_id, underWay.update.update_id, outcome, messages),
    );
    this.context.look();
  }

  private said({ update, place, view }: UnderWay, end: RunEnd): { outcome: string; messages: NewOutgoing[] } {
    const texts = textsFor(place.user.language_code);
    switch (end.kind) {
      case 'reply': {
        const { message_object } = end.frame;
        // Joined with later messages of the user, whose answer it is, too.
        if (message_object.in_reply_to !== end.message_id) return { outcome: 'joined', messages: [] };
        const replaces = view?.shownMessageId ?? update.shown_message_id;
        return { outcome: 'answered', messages: replyMessages(place, message_object, replaces) };
      }
      case 'failed':
        // Whoever stopped it knows.
        if (end.code === 'run_cancelled') return { outcome: end.code, messages: [] };
        return { outcome: end.code, messages: [serviceMessage(place, texts.failure(end.code))] };
      case 'refused':
        return {
          outcome: end.refusal.code,
          messages: [serviceMessage(place, texts.failure(end.refusal.code))],
        };
    }
  }
}
