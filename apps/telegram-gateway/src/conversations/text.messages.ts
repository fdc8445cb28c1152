import type { OutboundFrame } from '@roost/contracts';
import { inSpan } from '@roost/service-kit/tracing';
import type { UpdateEntity } from '../ingest/update.entity';
import { textsFor } from '../texts/texts';
import { approvalRequest, authorizationRequest, replyMessages, serviceMessage } from './answers';
import type { AwaitedApprovals } from './awaited.approvals';
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
  /** Of approvals, by their ids. */
  asked: string[];
}

/** The order in which what is said in a conversation is told how it ended. */
export const endsKey = (place: Pick<Place, 'chat_id' | 'topic_id'>): string =>
  `${conversationKey(place)} ends`;

/**
 * Messages of users on their way to the agent and back. In a conversation they are handed to the manager in order, and
 * none waits for the answer of the one before; what is said to them comes in the same order.
 */
export class TextMessages {
  constructor(
    private readonly context: SessionContext,
    private readonly order: InOrder,
    private readonly approvals: AwaitedApprovals,
  ) {}

  /** Resolves once its end is committed, or the bot is served no more. */
  take(update: UpdateEntity, said: { place: Place; text: string }): Promise<void> {
    const attributes = { 'gen_ai.agent.id': this.context.agent_id };
    return inSpan({ name: 'take_update', attributes, parent: undefined }, () => this.taken(update, said));
  }

  private async taken(update: UpdateEntity, { place, text }: { place: Place; text: string }): Promise<void> {
    let ended: Promise<void> = Promise.resolve();
    await this.order.run(conversationKey(place), async (stall) => {
      const ends = await untilDone(this.context, 'a thread cannot be read', () => this.endsOf(update, place));
      let accepted = (): void => undefined;
      const acceptance = new Promise<void>((resolve) => (accepted = resolve));
      const underWay: UnderWay = { update, place, view: null, asked: [] };
      const run = untilDone(this.context, 'a message is not taken to the agent', () =>
        this.follow(underWay, text, accepted, stall),
      );
      // What fails is told by `ended`; here it only makes room for the next.
      run.catch(() => undefined);
      ended = this.order.run(ends ?? endsKey(place), async () => this.commit(underWay, await run));
      ended.catch(() => undefined);
      await Promise.race([acceptance, run.then(accepted, accepted)]);
    });
    await ended;
  }

  /** What was said before /new may end whenever it does. */
  private async endsOf({ thread_id }: UpdateEntity, place: Place): Promise<string> {
    if (thread_id === null) return endsKey(place);
    const now = await this.context.conversations.threadOf(this.context.bot_id, place);
    return now === thread_id ? endsKey(place) : `${endsKey(place)} of ${thread_id}`;
  }

  private async follow(
    underWay: UnderWay,
    text: string,
    accepted: () => void,
    stall: () => void,
  ): Promise<RunEnd | null> {
    const { bot_id, agent_id, manager, conversations, signal } = this.context;
    const { update, place } = underWay;
    if (!(await this.refresh(update))) return null;
    const phone = await conversations.phoneOf(bot_id, place.user.id);
    const thread_id = update.thread_id ?? (await conversations.threadOf(bot_id, place));
    const send = (thread: string | null) =>
      followRun(
        manager,
        agent_id,
        messageOfUser(bot_id, update.update_id, place, text, phone, thread),
        {
          accepted: async (thread_id, message_id) => {
            await this.noteAccepted(underWay, thread_id, message_id);
            accepted();
          },
          frame: (frame) => this.takeFrame(underWay, frame),
          isWanted: () => this.refresh(update),
          failing: (error, failures) => {
            stall();
            this.context.logger.warn(
              { err: error, bot_id, update_id: update.update_id, failures },
              'a run cannot be followed; trying again',
            );
          },
        },
        signal,
      );
    const end = await send(thread_id);
    const threadIsGone = end?.kind === 'refused' && end.refusal.code === 'thread_not_found';
    return threadIsGone && thread_id !== null ? send(null) : end;
  }

  /**
   * Takes over what commands that have passed it did to it: what came before a /new is on the thread before it.
   * @returns whether anybody waits for the answer still.
   */
  private async refresh(update: UpdateEntity): Promise<boolean> {
    const { bot_id, updates } = this.context;
    const stored = await updates.find(bot_id, update.update_id);
    update.thread_id = stored?.thread_id ?? null;
    return stored !== null && stored.state !== 'done';
  }

  private async noteAccepted(underWay: UnderWay, thread_id: string, message_id: string): Promise<void> {
    const { bot_id, updates, conversations, manager, api, budget, integration } = this.context;
    const { update, place } = underWay;
    if (update.state === 'accepted') {
      await this.askAgain(underWay, thread_id, message_id);
    } else {
      await this.refresh(update);
      if (update.thread_id === null) await conversations.setThread(bot_id, place, thread_id);
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
      isPaused: () => this.approvals.isAwaitedIn(update.thread_id),
      shown_message_id: update.shown_message_id,
      onShown: (message_id) => updates.shown(bot_id, update.update_id, message_id),
      onRefused: (wait_ms) => void this.context.refused(place.chat_id, wait_ms),
    });
  }

  /** What was asked while nobody followed; others of the thread are asked of whoever they concern. */
  private async askAgain(underWay: UnderWay, thread_id: string, message_id: string): Promise<void> {
    const pending = await this.context.manager.pendingApprovals(thread_id);
    this.goesOn(underWay);
    for (const { id, tool, arguments: values } of pending.filter((one) => one.message_id === message_id))
      await this.askForApproval(underWay, { approval_id: id, tool, arguments: values });
  }

  private async askForApproval(
    underWay: UnderWay,
    call: Parameters<typeof approvalRequest>[1],
  ): Promise<void> {
    const { update, place, asked } = underWay;
    if (update.thread_id !== null) this.approvals.add(update.thread_id, call.approval_id);
    asked.push(call.approval_id);
    await this.say(underWay, [approvalRequest(place, call)]);
  }

  private async takeFrame(underWay: UnderWay, frame: OutboundFrame): Promise<void> {
    switch (frame.type) {
      case 'token':
        underWay.view?.add(frame.content);
        return;
      case 'run':
        if (frame.state === 'started') this.goesOn(underWay);
        return;
      case 'approval_request':
        return this.askForApproval(underWay, frame);
      case 'authorization_request':
        return this.say(underWay, authorizationRequest(underWay.place, frame.message_id, frame.content));
      default:
        return;
    }
  }

  /** Or has ended: whoever decided, and if it was nobody in time. */
  private goesOn({ update: { thread_id }, asked }: UnderWay): void {
    if (thread_id === null) return;
    for (const approval_id of asked.splice(0)) this.approvals.decided(thread_id, approval_id);
  }

  private async say({ update }: UnderWay, messages: NewOutgoing[]): Promise<void> {
    await this.context.outgoing.addMeanwhile(this.context.bot_id, update.update_id, messages);
    this.context.look();
  }

  private async commit(underWay: UnderWay, end: RunEnd | null): Promise<void> {
    await underWay.view?.end();
    this.goesOn(underWay);
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
