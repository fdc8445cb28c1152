import { Gauge, type Registry } from 'prom-client';

/** A pool of node-postgres, as far as it counts. */
export interface CountedPool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}

/** How much of a process' pool of connections to PostgreSQL is in use, and who waits for one. */
export function databasePoolGauges(registry: Registry, pool: () => CountedPool, max: number): void {
  new Gauge({
    name: 'roost_database_pool_connections',
    help: 'Connections to PostgreSQL this process has open, by whether they are in use',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { totalCount, idleCount } = pool();
      this.set({ state: 'idle' }, idleCount);
      this.set({ state: 'busy' }, totalCount - idleCount);
    },
  });
  new Gauge({
    name: 'roost_database_pool_connections_max',
    help: 'Connections to PostgreSQL this process opens at most',
    registers: [registry],
  }).set(max);
  new Gauge({
    name: 'roost_database_pool_waiting',
    help: 'Statements that wait for a connection to PostgreSQL',
    registers: [registry],
    collect() {
      this.set(pool().waitingCount);
    },
  });
}
