/** The document cannot be used as it is asked for; `message` says why, and names the operation. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}
