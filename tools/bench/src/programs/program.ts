import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const CALL_DEADLINE_MS = 120_000;

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** A program of the benchmark in a process, and so with an event loop, of its own; called over IPC. */
export class Program {
  private calls = 0;
  private readonly waiting = new Map<number, (answer: Answer) => void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.on('message', (answer: Answer) => this.waiting.get(answer.id)?.(answer));
    child.on('exit', () => {
      for (const [id, settle] of this.waiting) settle({ id, error: `${name} ended` });
    });
  }

  static async start(name: string, args: string[] = []): Promise<Program> {
    const child = fork(join(import.meta.dirname, `${name}.program.ts`), args, {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, LANGSMITH_TRACING: 'false' },
    });
    await once(child, 'spawn');
    return new Program(child, name);
  }

  async call<Result>(method: string, ...args: unknown[]): Promise<Result> {
    const id = (this.calls += 1);
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.set(id, resolve);
      timer = setTimeout(() => {
        resolve({ id, error: `${this.name}.${method} took more than ${CALL_DEADLINE_MS / 1_000} s` });
      }, CALL_DEADLINE_MS);
      this.child.send({ id, method, args });
    });
    clearTimeout(timer);
    this.waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as Result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }
}
