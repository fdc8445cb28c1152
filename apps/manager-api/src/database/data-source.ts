import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { ApiKeyEntity } from '../access/api-key.entity';
import { AgentVersionEntity } from '../agents/agent-version.entity';
import { AgentEntity } from '../agents/agent.entity';
import { ApprovalEntity } from '../approvals/approval.entity';
import { MessageEntity } from '../chat/message.entity';
import { ThreadEntity } from '../chat/thread.entity';
import { CheckpointEntity, CheckpointWriteEntity } from '../checkpoints/checkpoint.entity';
import { IdempotencyKeyEntity } from '../idempotency/idempotency-key.entity';
import { EmbeddingCacheEntity } from '../knowledge/embedding/embedding-cache.entity';
import { KnowledgeChunkEntity } from '../knowledge/store/postgres/knowledge-chunk.entity';
import { KnowledgeCollectionEntity } from '../knowledge/store/postgres/knowledge-collection.entity';
import { KnowledgeBaseEntity } from '../knowledge/bases/knowledge-base.entity';
import { KnowledgeDocumentEntity } from '../knowledge/documents/knowledge-document.entity';
import { HandoffEntity } from '../handoffs/handoff.entity';
import { InstanceEntity } from '../lifecycle/instance.entity';
import { LeaseEntity } from '../lifecycle/lease.entity';
import { LostRunEntity } from '../lifecycle/lost-run.entity';
import { PoolInstanceEntity } from '../lifecycle/pool/pool-instance.entity';
import { ModelPriceEntity } from '../usage/model-price.entity';
import { TokenUsageEntity } from '../usage/token-usage.entity';
import { UserFactEntity } from '../users/user-fact.entity';
import { migrations } from './migrations';

export const entities = [
  AgentEntity,
  AgentVersionEntity,
  ApiKeyEntity,
  ApprovalEntity,
  CheckpointEntity,
  CheckpointWriteEntity,
  EmbeddingCacheEntity,
  HandoffEntity,
  IdempotencyKeyEntity,
  InstanceEntity,
  KnowledgeChunkEntity,
  KnowledgeCollectionEntity,
  KnowledgeBaseEntity,
  KnowledgeDocumentEntity,
  LeaseEntity,
  LostRunEntity,
  MessageEntity,
  ModelPriceEntity,
  PoolInstanceEntity,
  ThreadEntity,
  TokenUsageEntity,
  UserFactEntity,
];

const STATEMENT_MS = 15_000;
/** Of one statement, for PostgreSQL; and for us, where it does not even answer that it took too long. */
const deadlines = (milliseconds: number) => ({
  statement_timeout: milliseconds,
  query_timeout: milliseconds + 1_000,
});

/** PostgreSQL as the manager uses it: the schema comes from migrations, and every statement has a deadline. */
export const databaseOptions = (
  url: string,
  pool_size: number,
  applicationName = 'roost-manager',
  limits: object = deadlines(STATEMENT_MS),
): DataSourceOptions => ({
  type: 'postgres',
  // TypeORM looks for it in node_modules, which a bundle does not have.
  driver: pg,
  url,
  entities,
  migrations,
  migrationsTransactionMode: 'each',
  poolSize: pool_size,
  connectTimeoutMS: 5_000,
  applicationName,
  extra: {
    ...limits,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  },
});

/** Milliseconds a migration waits for a table, for which all who come later wait, too; and what it may take then. */
const LOCK_MS = 3_000;
const MIGRATION_MS = 30 * 60_000;

/** For the programs that change the schema: beside managers, and told apart from them. */
export const createMigrationSource = (url: string): DataSource =>
  new DataSource(
    databaseOptions(url, 2, 'roost-migrate', { lock_timeout: LOCK_MS, ...deadlines(MIGRATION_MS) }),
  );

export const createDataSource = (url: string, pool_size: number): DataSource =>
  new DataSource(databaseOptions(url, pool_size));
