import { cpus, loadavg, release, totalmem } from 'node:os';

/** What figures depend on, without naming the machine. */
export interface Machine {
  node: string;
  platform: string;
  kernel: string;
  processor: string;
  cores: number;
  memory_mib: number;
  /** Of the last minute, before the measurement. */
  load: number;
}

export const describeMachine = (): Machine => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  kernel: release().split('-')[0] ?? '',
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_mib: Math.round(totalmem() / 2 ** 20),
  load: loadavg()[0] ?? 0,
});
