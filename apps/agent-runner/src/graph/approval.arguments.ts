import { APPROVAL_ARGUMENTS_BYTES_MAX } from '@roost/contracts';

/** Levels of lists and objects that a person is shown, as many as a client may send. */
const DEPTH_MAX = 32;
/** PostgreSQL stores neither NUL nor half a surrogate pair. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Why nobody can be asked about a call with these arguments, for the model; null when somebody can. */
export function unaskable(args: Record<string, unknown>): string | null {
  const open: [value: unknown, depth: number][] = [[args, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [item, depth] = next;
    if (typeof item === 'string' && UNSTORABLE.test(item)) return UNSTORABLE_TEXT;
    if (typeof item !== 'object' || item === null) continue;
    if (depth >= DEPTH_MAX) return `They are nested more than ${DEPTH_MAX} levels deep. Send flatter ones.`;
    for (const [name, child] of Object.entries(item)) {
      if (UNSTORABLE.test(name)) return UNSTORABLE_TEXT;
      open.push([child, depth + 1]);
    }
  }
  return Buffer.byteLength(JSON.stringify(args)) > APPROVAL_ARGUMENTS_BYTES_MAX
    ? `They have more than ${APPROVAL_ARGUMENTS_BYTES_MAX} bytes as JSON. Send less.`
    : null;
}

const UNSTORABLE_TEXT =
  'A text in them holds the character NUL (\\u0000) or half a surrogate pair. Send it without.';
