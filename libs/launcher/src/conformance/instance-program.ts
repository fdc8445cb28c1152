import type { InstanceSpec } from '../launcher';
import type { MemoryInstance } from '../memory/memory.instance';

/** What an instance of the suite does. Real ones run `program.mjs`, which reads it from the environment. */
export type Program =
  /** Logs `ready`; at SIGTERM logs `SIGTERM` and exits 0. */
  | { does: 'serve' }
  /** Logs `ready` and does not end at SIGTERM. */
  | { does: 'ignore_sigterm' }
  | { does: 'exit'; code: number }
  /** Logs `line 1` to `line <lines>` on standard output, `last` on standard error, then serves. */
  | { does: 'print'; lines: number }
  /** Takes memory outside the JavaScript heap, or on it, until it is stopped by force. */
  | { does: 'hog'; memory: 'native' | 'heap' }
  /** Listens on TCP port 8080 and serves. */
  | { does: 'listen' }
  /** Logs `reached` or `not reached` after trying that address, then serves. */
  | { does: 'reach'; host: string; port: number }
  /** Logs what it can see of its own confinement as one line of JSON, then serves. */
  | { does: 'report' };

export const programEnv = (program: Program): Record<string, string> => ({
  PROGRAM: JSON.stringify(program),
});

/** The same programs for instances that are mere objects. */
export function pretendProgram(spec: InstanceSpec, instance: MemoryInstance): void {
  const program = JSON.parse(spec.env['PROGRAM'] ?? '{"does":"serve"}') as Program;
  switch (program.does) {
    case 'exit':
      return instance.exit(program.code);
    case 'ignore_sigterm':
      return instance.log('ready');
    case 'hog':
      return instance.oomKill();
    case 'print':
      for (let line = 1; line <= program.lines; line += 1) instance.log(`line ${line}`);
      instance.log('last');
      return serve(instance);
    case 'listen':
    case 'reach':
    case 'report':
    case 'serve':
      return serve(instance);
  }
}

function serve(instance: MemoryInstance): void {
  instance.log('ready');
  instance.terminated.addEventListener('abort', () => {
    instance.log('SIGTERM');
    instance.exit(0);
  });
}
