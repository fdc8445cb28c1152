import { migratingOptions, servingOptions } from '@roost/service-kit/database';
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

export const databaseOptions = (url: string, pool_size: number): DataSourceOptions => ({
  ...servingOptions({ url, pool_size, application_name: 'roost-manager' }),
  entities,
  migrations,
});

export const createDataSource = (url: string, pool_size: number): DataSource =>
  new DataSource(databaseOptions(url, pool_size));

export const createMigrationSource = (url: string): DataSource =>
  new DataSource({ ...migratingOptions({ url, application_name: 'roost-migrate' }), entities, migrations });
