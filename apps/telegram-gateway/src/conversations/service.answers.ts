import { ManagerRefusal } from '../manager/manager.error';
import { textsFor } from '../texts/texts';
import { decisionNote, serviceMessage, welcomeMessages } from './answers';
import type { AwaitedApprovals } from './awaited.approvals';
import type { Incoming } from './incoming';
import type { SessionContext } from './session.context';
import type { Update, User } from 'telegraf/types';

type Of<Kind extends Incoming['kind']> = Extract<Incoming, { kind: Kind }>;

/** /start, /help, /new and /stop. */
export async function answerCommand(
  context: SessionContext,
  update_id: number,
  { place, command }: Of<'command'>,
): Promise<void> {
  const { bot_id, updates, conversations } = context;
  const texts = textsFor(place.user.language_code);
  const say = async (text: string): Promise<void> => {
    await updates.finish(bot_id, update_id, command, [serviceMessage(place, text)]);
    context.look();
  };
  switch (command) {
    case 'start': {
      const messages = welcomeMessages(place, context.integration.welcome_message ?? texts.start);
      await updates.finish(bot_id, update_id, command, messages);
      return context.look();
    }
    case 'help':
      return say(texts.help);
    case 'new': {
      const former = await conversations.threadOf(bot_id, place);
      if (former !== null) await updates.keepBefore(bot_id, update_id, place, former);
      await conversations.setThread(bot_id, place, null);
      return say(texts.newThread);
    }
    case 'stop': {
      const dropped = await updates.dropBefore(bot_id, update_id, place);
      const thread_id = await conversations.threadOf(bot_id, place);
      const ended = thread_id === null ? [] : await cancel(context, thread_id);
      return say(dropped + ended.length > 0 ? texts.stopped : texts.nothingToStop);
    }
  }
}

/** A contact counts when it is the sender's own. */
export async function answerContact(
  context: SessionContext,
  update_id: number,
  { place, is_own, phone_number }: Of<'contact'>,
): Promise<void> {
  const { bot_id, updates, conversations } = context;
  const texts = textsFor(place.user.language_code);
  if (is_own) await conversations.setPhone(bot_id, place.user.id, phone_number);
  const text = is_own ? texts.contactThanks : texts.contactNotOwn;
  await updates.finish(bot_id, update_id, is_own ? 'contact' : 'contact_refused', [
    serviceMessage(place, text, is_own ? { remove_keyboard: true } : null),
  ]);
  context.look();
}

export async function answerUnsupported(
  context: SessionContext,
  update_id: number,
  { place }: Of<'unsupported'>,
): Promise<void> {
  const text = textsFor(place.user.language_code).unsupported;
  await context.updates.finish(context.bot_id, update_id, 'unsupported', [serviceMessage(place, text)]);
  context.look();
}

/** A pressed button: only who asked the agent may decide. */
export async function decide(
  context: SessionContext,
  update_id: number,
  { place, callback_query_id, approval_id, decision }: Of<'decision'>,
  approvals: AwaitedApprovals,
): Promise<void> {
  const { bot_id, updates, outgoing, manager, api } = context;
  const texts = textsFor(place.user.language_code);
  const asked = await outgoing.find(bot_id, `approval:${approval_id}`);
  const update = asked && (await updates.find(bot_id, asked.update_id));
  const acknowledge = (text: string) =>
    api.call('answerCallbackQuery', { callback_query_id, text }).catch(() => undefined);
  const asker = update?.payload && senderOf(update.payload);
  if (!update?.thread_id || !asker) {
    await acknowledge(texts.approvalGone);
    return updates.finish(bot_id, update_id, 'approval_gone', []);
  }
  if (asker.id !== place.user.id) {
    await acknowledge(texts.approvalNotYours);
    return updates.finish(bot_id, update_id, 'approval_of_another', []);
  }
  const note = await manager.decide(update.thread_id, approval_id, decision).then(
    () => (decision === 'approve' ? texts.approved : texts.rejected),
    (error: unknown) => {
      if (error instanceof ManagerRefusal && !error.passes) return texts.approvalGone;
      throw error;
    },
  );
  approvals.decided(update.thread_id, approval_id);
  await acknowledge(note);
  await updates.finish(bot_id, update_id, decision, asked ? [decisionNote(place, asked, note)] : []);
  context.look();
}

/** Who said it, at first or by editing it. */
function senderOf(update: Update): User | undefined {
  if ('message' in update) return update.message.from;
  return 'edited_message' in update ? update.edited_message.from : undefined;
}

/** A thread that is gone owes nothing, nor does one that this gateway may not speak for any more. */
async function cancel({ manager }: SessionContext, thread_id: string): Promise<string[]> {
  try {
    return await manager.cancel(thread_id);
  } catch (error) {
    if (error instanceof ManagerRefusal && !error.passes) return [];
    throw error;
  }
}
