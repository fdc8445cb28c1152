import type { CreateMessageDto } from '@roost/contracts/rest';
import type { Place } from './incoming';

/** The same id for the same update, however often it is sent. */
export const clientMessageId = (bot_id: number, update_id: number): string => `tg:${bot_id}:${update_id}`;

/** A user's message as the manager takes it. What is said of the user is what Telegram says, not the user. */
export function messageOfUser(
  bot_id: number,
  update_id: number,
  { user, is_private }: Place,
  text: string,
  phone_number: string | null,
  thread_id: string | null,
): CreateMessageDto {
  const known = {
    first_name: user.first_name,
    last_name: user.last_name,
    username: user.username,
    language_code: user.language_code,
    phone_number: phone_number ?? undefined,
  };
  return {
    content: text,
    client_message_id: clientMessageId(bot_id, update_id),
    channel: 'telegram',
    user_id: `telegram:${user.id}`,
    user_data: {
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
      is_authenticated: phone_number !== null,
      is_group: !is_private,
    },
    ...(thread_id === null ? {} : { thread_id }),
  };
}
