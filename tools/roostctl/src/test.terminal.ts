import type { Terminal } from './terminal';

/** What a command wrote, and what a person answers. */
export class TestTerminal implements Terminal {
  written = '';
  complained = '';
  readonly interrupted = new AbortController();
  readonly interactive: boolean;

  constructor(private readonly answers: string[] = []) {
    this.interactive = answers.length > 0;
  }

  get signal(): AbortSignal {
    return this.interrupted.signal;
  }

  out(text: string): void {
    this.written += text;
  }

  err(text: string): void {
    this.complained += text;
  }

  ask(): Promise<string | null> {
    return Promise.resolve(this.answers.shift() ?? null);
  }

  input(): Promise<string> {
    return Promise.resolve(this.answers.shift() ?? '');
  }
}
