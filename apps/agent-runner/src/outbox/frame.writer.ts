import type { LoggedFrame, RunStep, RunTimeline } from '@roost/contracts';

/** Milliseconds tokens are joined for, after the first. */
export const JOIN_MS = 15;
/** Characters that may wait to be written; beyond that the model is read no further. */
export const WAITING_MAX = 64 * 1_024;

type RunState = Extract<LoggedFrame, { type: 'run' }>['state'];
/** Characters of a `tool` frame. */
const TOOL_NAME_MAX = 64;
const TOOL_CONTENT_MAX = 500;

type ToolState = Extract<LoggedFrame, { type: 'tool' }>['state'];

export interface FrameWriterOptions {
  message_id: string;
  run_id: string;
  /** Resolves with null when the manager has ended the run: nothing of it is shown any more. */
  append: (...frames: [LoggedFrame, ...LoggedFrame[]]) => Promise<unknown>;
  onEnded?: () => void;
  /** The log could not be written: the run goes on, its listeners get the final reply alone. */
  onFailure: (error: unknown) => void;
}

/**
 * Writes one run's frames to its thread's log: in order, one append at a time, the first token at once, further
 * ones joined.
 *
 * After a failed append it stays silent: it is unknown whether that one counted, and what a client has seen must
 * be a beginning of the reply, without gaps or repeats.
 */
export class FrameWriter {
  private readonly waiting: LoggedFrame[] = [];
  private waitingLength = 0;
  private opening: Promise<unknown> = Promise.resolve();
  private appending: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private hasToken = false;
  private silent = false;
  private full = false;
  private writtenText = '';

  constructor(private readonly options: FrameWriterOptions) {}

  /**
   * Goes with a first token that comes soon; alone it would wake everybody on the way just when the model is
   * called. No token waits for it: Redis keeps the order of what one connection sends.
   */
  started(): void {
    this.waiting.push(this.runFrame('started', 'The run has started.'));
    this.timer = setTimeout(() => {
      this.timer = null;
      const [first, ...rest] = this.waiting.splice(0);
      if (first) this.opening = this.write([first, ...rest]);
    }, JOIN_MS);
  }

  run(state: Exclude<RunState, 'started'>, content: string, timeline?: RunTimeline): void {
    this.waiting.push({ ...this.runFrame(state, content), ...(timeline ? { timeline } : {}) });
    this.append();
  }

  /** Says what the run does; nobody waits for it, so it is the first thing left out. */
  step(step: RunStep, content: string): void {
    if (this.silent || this.full) return;
    this.waiting.push({ ...this.runFrame('working', content), step });
    this.append();
  }

  tool(name: string, state: ToolState, content: string): void {
    if (this.silent || this.full) return;
    const { message_id } = this.options;
    // A model may call what no tool can be named.
    const called = name.slice(0, TOOL_NAME_MAX);
    this.waiting.push({
      type: 'tool',
      content: content.slice(0, TOOL_CONTENT_MAX),
      name: called,
      state,
      message_id,
    });
    this.append();
  }

  authorizationRequest(fields: string[], content: string): void {
    if (this.silent || this.full) return;
    const { message_id } = this.options;
    this.waiting.push({ type: 'authorization_request', content, message_id, fields });
    this.append();
  }

  /** Takes more of the answer; a promise asks the caller to wait until earlier text has been written. */
  token(text: string): Promise<void> | undefined {
    if (this.silent || this.full) return undefined;
    const last = this.waiting.at(-1);
    if (last?.type === 'token') last.content += text;
    else this.waiting.push({ type: 'token', content: text, message_id: this.options.message_id });
    this.waitingLength += text.length;
    if (!this.hasToken) {
      this.hasToken = true;
      this.append();
    } else {
      this.timer ??= setTimeout(this.append, JOIN_MS);
    }
    return this.waitingLength > WAITING_MAX ? this.drain() : undefined;
  }

  /** What listeners have been given of the answer. */
  get written(): string {
    return this.writtenText;
  }

  /** Takes no more of the answer, nor of what tools do for it; what was handed over is written. */
  endAnswer(): void {
    this.full = true;
  }

  /** Resolves when everything handed over so far stands in the log, or the log has failed. */
  async drain(): Promise<void> {
    await this.opening;
    while (this.waiting.length > 0 || this.appending) {
      this.append();
      await this.appending;
    }
  }

  /** The run was given up: what has not been written never will be. */
  discard(): void {
    this.silent = true;
    this.waiting.length = 0;
    this.waitingLength = 0;
    this.clearTimer();
  }

  private readonly append = (): void => {
    this.clearTimer();
    // What waits now goes with the next append, as soon as this one is through.
    if (this.appending) return;
    const [first, ...rest] = this.waiting.splice(0);
    this.waitingLength = 0;
    if (!first || this.silent) return;
    this.appending = this.write([first, ...rest]).then(() => {
      this.appending = null;
      if (this.waiting.length > 0 && !this.timer) this.append();
    });
  };

  private async write(frames: [LoggedFrame, ...LoggedFrame[]]): Promise<void> {
    try {
      if ((await this.options.append(...frames)) !== null) {
        for (const frame of frames) if (frame.type === 'token') this.writtenText += frame.content;
      } else if (!this.silent) {
        this.discard();
        this.options.onEnded?.();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private readonly fail = (error: unknown): void => {
    if (this.silent) return;
    this.discard();
    this.options.onFailure(error);
  };

  private runFrame(state: RunState, content: string): Extract<LoggedFrame, { type: 'run' }> {
    const { run_id, message_id } = this.options;
    return { type: 'run', content, run_id, state, message_id };
  }

  private clearTimer(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }
}
