import { createInterface } from 'node:readline';

/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Null at the end of the input. */
  ask(question: string): Promise<string | null>;
  input(): Promise<string>;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
}

export function processTerminal(): Terminal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  // `roostctl … | head` is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let typed: AsyncIterator<string> | undefined;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stdin.isTTY,
    ask: async (question) => {
      process.stdout.write(question);
      // One reader for all questions: what was typed ahead is not lost.
      typed ??= typedLines(interrupted);
      const line = await typed.next();
      return line.done ? null : line.value;
    },
    input: async () => {
      let text = '';
      for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
      return text;
    },
    signal: interrupted.signal,
  };
}

function typedLines(interrupted: AbortController): AsyncIterator<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.once('SIGINT', () => interrupted.abort());
  interrupted.signal.addEventListener('abort', () => lines.close(), { once: true });
  return lines[Symbol.asyncIterator]();
}
