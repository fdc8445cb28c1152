export { type FaultsSize, faultsSize, isFull, sized } from './faults.size';
export { Ledger } from './ledger';
export { Oracle, type OracleOptions } from './oracle';
export { type InstanceProcess, instanceProcesses, type ProcessUsage, usageOf } from './process.usage';
export * from './proxies';
export { RestartablePostgres } from './restartable.postgres';
export { RestartableRedis } from './restartable.redis';
