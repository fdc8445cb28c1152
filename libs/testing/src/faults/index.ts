export { Chaos, type ChaosOptions } from './chaos';
export { crowd, type CrowdAnswer, type CrowdOptions } from './crowd';
export { CrowdMember, type CrowdMemberOptions, type CrowdProtocol } from './crowd.member';
export { type FaultsSize, faultsSize, sized } from './faults.size';
export { Ledger } from './ledger';
export { Oracle, type OracleOptions } from './oracle';
export { type InstanceProcess, instanceProcesses, type ProcessUsage, usageOf } from './process.usage';
export { type Random, seededRandom } from './random';
export { RedisFaults } from './redis.faults';
