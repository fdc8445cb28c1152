import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { workspaceRoot } from '@roost/testing';

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

const DEADLINE_MS = 60_000;

/** Runs `roostctl` as a person does; `whileRunning` may end it. */
export function roostctl(
  args: string[],
  env: Record<string, string>,
  {
    input = '',
    whileRunning,
  }: { input?: string; whileRunning?: (out: string, end: () => void) => void } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(workspaceRoot, 'tools/roostctl/bin/roostctl.mjs'), ...args], {
    cwd: workspaceRoot,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.end(input);
  const outcome: Outcome = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.out += text;
    whileRunning?.(outcome.out, () => child.kill('SIGINT'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...outcome, code }));
  });
}
