import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Launcher } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import { DataSource } from 'typeorm';
import { Draining } from '../http/draining';
import { STORE_PROBES, type StoreProbes } from '../knowledge/store/store.probes';
import { LAUNCHER } from '../lifecycle/launcher.provider';

const PROBE_MS = 2_000;

export interface Readiness {
  status: 'ready' | 'not_ready' | 'shutting_down';
  dependencies: Record<string, 'up' | 'down'>;
}

/** An engine or a Qdrant that is away does not make the manager unready: running agents go on and are talked to. */
const needed = ['postgres', 'redis'];

@Injectable()
export class HealthService {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly messaging: Messaging,
    private readonly draining: Draining,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(STORE_PROBES) private readonly stores: StoreProbes,
  ) {}

  async readiness(): Promise<Readiness> {
    const probes = {
      postgres: this.database.query('SELECT 1'),
      redis: this.messaging.ping(),
      launcher: this.launcher.ping(),
      ...Object.fromEntries(Object.entries(this.stores).map(([name, probe]) => [name, probe()])),
    };
    const answers = await Promise.all(
      Object.entries(probes).map(async ([name, probe]) => [name, await answersInTime(probe)] as const),
    );
    const dependencies = Object.fromEntries(answers);
    const ready = needed.every((name) => dependencies[name] === 'up');
    return { status: this.draining.hasBegun ? 'shutting_down' : ready ? 'ready' : 'not_ready', dependencies };
  }
}

async function answersInTime(probe: Promise<unknown>): Promise<'up' | 'down'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'down'>((resolve) => (timer = setTimeout(() => resolve('down'), PROBE_MS)));
  const up = probe.then(
    () => 'up' as const,
    () => 'down' as const,
  );
  return Promise.race([up, late]).finally(() => clearTimeout(timer));
}
