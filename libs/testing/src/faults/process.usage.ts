import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { environmentOf } from '../manager/runner.processes';

export interface ProcessUsage {
  /** Open file descriptors, sockets among them. */
  handles: number;
  sockets: number;
  /** Resident memory. */
  memory_mb: number;
}

/** What a living process holds, as Linux counts it; null when it has ended. */
export function usageOf(pid: number): ProcessUsage | null {
  try {
    const folder = `/proc/${pid}/fd`;
    const targets = readdirSync(folder).map((fd) => targetOf(`${folder}/${fd}`));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined) return null;
    return {
      handles: targets.length,
      sockets: targets.filter((target) => target.startsWith('socket:')).length,
      memory_mb: Number(kilobytes) / 1_024,
    };
  } catch {
    return null;
  }
}

export interface InstanceProcess {
  pid: number;
  agent_id: string;
  instance_id: string;
}

/** Every process of this machine that was started as a runner instance, on anybody's record or not. */
export function instanceProcesses(): InstanceProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = environmentOf(Number(pid));
      const [agent_id, instance_id] = ['AGENT_ID', 'INSTANCE_ID'].map((name) =>
        environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1),
      );
      return agent_id && instance_id ? [{ pid: Number(pid), agent_id, instance_id }] : [];
    });
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed since it was listed.
    return '';
  }
}
