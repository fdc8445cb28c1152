export { DevstackError } from './devstack.error';
export { detectEngine, engineForTests, type EngineDetection } from './engine.detect';
export { type EmbeddingFailure, type EmbeddingRequest, EmbeddingStub } from './model/embedding.stub';
export { type ModelFailure } from './model/model.failure';
export { type Prompt, type Reply } from './model/model.persona';
export {
  ModelStub,
  startModelStub,
  type ModelRequest,
  type ModelStubOptions,
  type Pace,
} from './model/model.stub';
export {
  endLeftoverPostgres,
  startPostgres,
  type PostgresOptions,
  type PostgresServer,
} from './postgres/postgres.server';
export { type TestDatabase } from './postgres/test.database';
export { freePort, requireFreePort } from './process/free.port';
export { startChild, type ChildSpec, type ManagedChild } from './process/managed.child';
export { commandLine, identify, isAlive, type ProcessIdentity } from './process/process.identity';
export { endLeftover, endProcess, readRecord, type ProcessRecord } from './process/process.record';
export { findProgram, installPackage } from './process/system.package';
export { WaitError, waitUntil } from './process/wait.until';
export { ensureRedisBinary, findRedisBinary } from './redis/redis.binary';
export { startRedis, type RedisOptions, type RedisServer } from './redis/redis.server';
export { sharedStack, type SharedStack, type TestRedis } from './run/shared.stack';
