import type { OutboundFrame } from '@roost/contracts';

export type FrameOf<Type extends OutboundFrame['type']> = Extract<OutboundFrame, { type: Type }>;

interface Waiter {
  matches: (frame: OutboundFrame) => boolean;
  resolve: (frame: OutboundFrame) => void;
}

/** What one chat client heard, in order. */
export class FrameLog {
  readonly frames: OutboundFrame[] = [];
  private readonly waiters = new Set<Waiter>();
  private readonly times = new WeakMap<OutboundFrame, number>();

  add(frame: OutboundFrame): void {
    this.times.set(frame, Date.now());
    this.frames.push(frame);
    for (const waiter of this.waiters) {
      if (!waiter.matches(frame)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(frame);
    }
  }

  /** The first frame that fits, heard or yet to come. Rejects after `deadlineMs` with what was heard instead. */
  waitFor<Frame extends OutboundFrame>(
    matches: (frame: OutboundFrame) => frame is Frame,
    deadlineMs?: number,
  ): Promise<Frame>;
  waitFor(matches: (frame: OutboundFrame) => boolean, deadlineMs?: number): Promise<OutboundFrame>;
  waitFor(matches: (frame: OutboundFrame) => boolean, deadlineMs = 20_000): Promise<OutboundFrame> {
    const heard = this.frames.find(matches);
    if (heard) return Promise.resolve(heard);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
      };
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new Error(`no such frame within ${deadlineMs / 1_000} s; heard: ${this.describe()}`));
      }, deadlineMs);
      this.waiters.add(waiter);
    });
  }

  /** When a frame of this log was heard, in milliseconds of the Unix epoch. */
  heardAt(frame: OutboundFrame): number {
    return this.times.get(frame) ?? Number.NaN;
  }

  ofType<Type extends OutboundFrame['type']>(type: Type): FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  /** The reply to a message, or to the only one. */
  reply(message_id?: string, deadlineMs?: number): Promise<FrameOf<'message'>> {
    return this.waitFor(
      (frame): frame is FrameOf<'message'> =>
        frame.type === 'message' &&
        (message_id === undefined || frame.message_object.in_reply_to === message_id),
      deadlineMs,
    );
  }

  error(code?: string, deadlineMs?: number): Promise<FrameOf<'error'>> {
    return this.waitFor(
      (frame): frame is FrameOf<'error'> =>
        frame.type === 'error' && (code === undefined || frame.code === code),
      deadlineMs,
    );
  }

  /** Resolves with the `count`-th frame of a type. */
  async nth<Type extends OutboundFrame['type']>(
    type: Type,
    count: number,
    deadlineMs?: number,
  ): Promise<FrameOf<Type>> {
    const found = () => this.ofType(type)[count - 1];
    await this.waitFor(() => found() !== undefined, deadlineMs);
    return found() as FrameOf<Type>;
  }

  /** What the tokens of the answer to a message make together; a run that begins again begins it anew. */
  streamedText(message_id?: string): string {
    let tokens: FrameOf<'token'>[] = [];
    for (const frame of this.frames) {
      if (frame.type === 'token') tokens.push(frame);
      if (frame.type === 'run' && frame.state === 'started')
        tokens = tokens.filter((token) => token.message_id !== frame.message_id);
    }
    return tokens
      .filter((frame) => message_id === undefined || frame.message_id === message_id)
      .map(({ content }) => content)
      .join('');
  }

  private describe(): string {
    return JSON.stringify(this.frames.slice(-8)).slice(-3_000);
  }
}
