/** A call that the engine never hears of. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    message: string,
    readonly status: 400 | 403 | 411 | 413 | 502 | 504 = 403,
  ) {
    super(message);
  }
}
