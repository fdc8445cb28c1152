import type { TelegramEntity } from '../json';
import { badRequest } from '../telegram.refusal';

/** https://core.telegram.org/bots/api#messageentity */
const TYPES = new Set([
  ...['mention', 'hashtag', 'cashtag', 'bot_command', 'url', 'email', 'phone_number'],
  ...['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'blockquote', 'expandable_blockquote'],
  ...['code', 'pre', 'text_link', 'text_mention', 'custom_emoji', 'date_time'],
]);

const NEEDS: Record<string, string> = {
  text_link: 'url',
  text_mention: 'user',
  custom_emoji: 'custom_emoji_id',
  date_time: 'unix_time',
};

/** @throws {TelegramRefusal} 400 when an entity is of no known type, leaves the text or cuts a character in two. */
export function checkEntities(text: string, entities: TelegramEntity[]): void {
  for (const { type, offset, length, ...rest } of entities) {
    if (!TYPES.has(type)) throw badRequest(`can't parse entities: unsupported type ${type}`);
    const needed = NEEDS[type];
    if (needed !== undefined && rest[needed] === undefined)
      throw badRequest(`can't parse entities: ${type} needs ${needed}`);
    if (!Number.isInteger(offset) || !Number.isInteger(length) || offset < 0 || length < 0)
      throw badRequest("can't parse entities: offset and length must be whole numbers from 0");
    if (offset > text.length)
      throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`);
    if (offset + length > text.length)
      throw badRequest(
        `entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${offset + length}`,
      );
    if (cutsCharacter(text, offset))
      throw badRequest(`entity begins in a middle of a UTF-16 symbol at UTF-16 offset ${offset}`);
    if (cutsCharacter(text, offset + length))
      throw badRequest(
        `entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at UTF-16 offset ${offset + length}`,
      );
  }
}

/** The entity in a text that has lost `leading` units before it and some at its end; nothing when it covers none. */
export function fitTo(text: string, entity: TelegramEntity, leading: number): TelegramEntity[] {
  const offset = entity.offset - leading;
  const length = Math.min(entity.length, text.length - offset);
  return length > 0 ? [{ ...entity, offset, length }] : [];
}

/** Whether `offset` lies between the halves of a surrogate pair. */
const cutsCharacter = (text: string, offset: number): boolean =>
  /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(offset - 1, offset + 1)) && offset > 0;
