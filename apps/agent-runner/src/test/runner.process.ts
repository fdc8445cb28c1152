import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../../../..');

/** The runner's bundle in a folder of its own. */
export class RunnerProgram {
  private constructor(private readonly folder: string) {}

  static async build(): Promise<RunnerProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-runner-'));
    await promisify(execFile)(
      process.execPath,
      ['tools/build/bundle.mjs', 'apps/agent-runner', '--out', folder],
      { cwd: root },
    );
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    return new RunnerProgram(folder);
  }

  start(environment: Record<string, string>): RunnerProcess {
    return new RunnerProcess(
      spawn(process.execPath, ['main.js'], { cwd: this.folder, env: environment, stdio: 'ignore' }),
    );
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A runner in a process of its own, which can end as no code inside it could tell. */
export class RunnerProcess {
  private readonly ended: Promise<unknown[]>;

  constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
  }

  /** Asks it to end. @returns its exit code. */
  async stop(): Promise<unknown> {
    this.child.kill('SIGTERM');
    const [code] = await this.ended;
    return code;
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
