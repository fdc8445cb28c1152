/**
 * Joins simultaneous calls for one key into one. A launcher needs it because platforms start what has ended when
 * asked twice: of two launches side by side, the later start could revive an instance that already ended.
 */
export class InFlight {
  readonly #calls = new Map<string, Promise<void>>();

  once(key: string, call: () => Promise<void>): Promise<void> {
    const joined = this.#calls.get(key);
    if (joined) return joined;
    const started = call().finally(() => this.#calls.delete(key));
    this.#calls.set(key, started);
    return started;
  }
}
