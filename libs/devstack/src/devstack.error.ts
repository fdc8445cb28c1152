/** Something the person at the keyboard can put right; `message` is one line that says how. */
export class DevstackError extends Error {
  override readonly name = 'DevstackError';
}
