import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { identify, type ProcessIdentity } from './process.identity';

/** Runs supervisor.fixture.ts in a process of its own; `started` is what it started. */
export async function runSupervisor(
  what: 'sleep' | 'postgres',
  dir: string,
): Promise<{ supervisor: ChildProcess; started: ProcessIdentity }> {
  const script = new URL('./supervisor.fixture.ts', import.meta.url).pathname;
  const supervisor = spawn(process.execPath, ['--import', 'tsx', script, what, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(supervisor.stdout);
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(60_000) })) as [string];
  const started = identify(Number(line));
  if (!started) throw new Error(`the supervisor says that ${line} runs, and it does not`);
  return { supervisor, started };
}

export async function end(supervisor: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  supervisor.kill(signal);
  if (supervisor.exitCode === null && supervisor.signalCode === null) await once(supervisor, 'exit');
}
