import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until';

/** One instance as the process launcher has it on record. */
export interface RunnerProcess {
  instance_id: string;
  /** Null for what was started for the warm pool, also when it has an agent by now. */
  agent_id: string | null;
  generation: number | null;
  pid: number;
  folder: string;
}

interface InstanceRecord extends Omit<RunnerProcess, 'pid' | 'folder'> {
  process: { pid: number } | null;
}

/** The runners that the managers of one state folder have made. */
export class RunnerProcesses {
  constructor(private readonly state_dir: string) {}

  /** Those that live, oldest generation first. */
  living(agent_id?: string): RunnerProcess[] {
    return this.known()
      .filter((runner) => (agent_id === undefined || runner.agent_id === agent_id) && isLiving(runner))
      .sort((a, b) => (a.generation ?? 0) - (b.generation ?? 0));
  }

  /** The one living runner of an agent. */
  async of(agent_id: string): Promise<RunnerProcess> {
    const found = await until(`one runner of ${agent_id} lives`, () => {
      const living = this.living(agent_id);
      return living.length === 1 && living[0];
    });
    return found;
  }

  /** Every living process that is an instance of the agent, on record or not. */
  pidsOf(agent_id: string): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => environmentOf(pid).includes(`AGENT_ID=${agent_id}`));
  }

  /** Makes the launcher forget an instance while its process goes on. */
  forget({ folder }: RunnerProcess): void {
    rmSync(folder, { recursive: true, force: true });
  }

  log({ folder }: RunnerProcess): string {
    return readIfThere(join(folder, 'output.log'));
  }

  /** The output of every instance whose record is still there. */
  logs(): string {
    return this.known()
      .map((runner) => `${runner.instance_id} of ${runner.agent_id ?? 'the pool'}:\n${this.log(runner)}`)
      .join('\n');
  }

  /** Ends all of them at once, and what they started. */
  killAll(): void {
    for (const { pid } of this.living()) signalGroup(pid, 'SIGKILL');
  }

  private known(): RunnerProcess[] {
    return foldersIn(this.state_dir).flatMap((folder) => {
      const text = readIfThere(join(folder, 'instance.json'));
      if (text === '') return [];
      const { process: running, ...record } = JSON.parse(text) as InstanceRecord;
      return running ? [{ ...record, pid: running.pid, folder }] : [];
    });
  }
}

/** The pid may be somebody else's by now; an instance carries its id in its environment. */
const isLiving = ({ pid, instance_id }: RunnerProcess): boolean =>
  environmentOf(pid).includes(`INSTANCE_ID=${instance_id}`);

/** The environment a process was started with; empty when it is gone, or a zombie. */
export const environmentOf = (pid: number): string[] =>
  readIfThere(`/proc/${pid}/environ`).split('\0').filter(Boolean);

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path)
      .filter((name) => !name.startsWith('.'))
      .map((name) => join(path, name));
  } catch {
    return [];
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
