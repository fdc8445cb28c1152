import type { TelegramEntity } from '../json';
import type { RequestParams } from '../http/request.params';
import { badRequest } from '../telegram.refusal';
import { checkEntities, fitTo } from './entity.rules';

export interface FormattedText {
  text: string;
  entities: TelegramEntity[];
}

export const LONGEST_TEXT = 4_096;
const MOST_ENTITIES = 100;

/**
 * The parameters `text` and `entities`, checked and trimmed as Telegram does: 1 to 4,096 UTF-16 code units after
 * trimming, the first 100 entities. `note` is told what Telegram would drop without a word.
 */
export function formattedText(
  params: RequestParams,
  note: (what: string) => void,
  { mayBeEmpty = false } = {},
): FormattedText {
  const given = params.string('text');
  if (/\p{Surrogate}/u.test(given)) throw badRequest('strings must be encoded in UTF-8');
  if (params.has('parse_mode')) {
    note('the stand-in parses no parse_mode: send entities');
    throw badRequest('unsupported parse_mode');
  }
  const entities = (params.list('entities') ?? []) as TelegramEntity[];
  if (entities.length > MOST_ENTITIES)
    note(`${entities.length} entities, of which Telegram keeps the first ${MOST_ENTITIES}`);
  const kept = entities.slice(0, MOST_ENTITIES);
  checkEntities(given, kept);
  const trimmed = trim(given, kept, note);
  if (trimmed.text === '' && !mayBeEmpty) throw badRequest('message text is empty');
  if (trimmed.text.length > LONGEST_TEXT) throw badRequest('message is too long');
  return trimmed;
}

/** Spaces at the end go, and those at the beginning up to the first entity; the entities move along. */
function trim(given: string, entities: TelegramEntity[], note: (what: string) => void): FormattedText {
  const first = Math.min(given.length, ...entities.map(({ offset }) => offset));
  const leading = /^[ \n]*/.exec(given.slice(0, first))?.[0].length ?? 0;
  const text = given.slice(leading).trimEnd();
  const fitted = entities.flatMap((entity) => fitTo(text, entity, leading));
  if (fitted.length < entities.length)
    note(`${entities.length - fitted.length} entities that cover nothing, which Telegram drops`);
  return { text, entities: fitted };
}
