import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { BotEntity } from '../bots/bot.entity';
import { ConversationEntity } from '../conversations/conversation.entity';
import { UserEntity } from '../conversations/user.entity';
import { UpdateEntity } from '../ingest/update.entity';
import { OutgoingEntity } from '../outbox/outgoing.entity';
import { migrations } from './migrations';

export const entities = [BotEntity, ConversationEntity, OutgoingEntity, UpdateEntity, UserEntity];

/** The gateway's part of the database; its role sees no other. */
export const SCHEMA = 'telegram';

/** Milliseconds of one statement, for PostgreSQL; and for us, where it does not even answer that it took too long. */
const STATEMENT_MS = 15_000;
const SILENCE_MS = STATEMENT_MS + 1_000;

/** PostgreSQL as the gateway uses it: the schema comes from migrations, and every statement has a deadline. */
export const databaseOptions = (url: string, pool_size: number): DataSourceOptions => ({
  type: 'postgres',
  // TypeORM looks for it in node_modules, which a bundle does not have.
  driver: pg,
  url,
  schema: SCHEMA,
  entities,
  migrations,
  migrationsTransactionMode: 'each',
  // Otherwise it makes extensions, for which the gateway's role has no right.
  installExtensions: false,
  poolSize: pool_size,
  connectTimeoutMS: 5_000,
  applicationName: 'roost-telegram',
  extra: {
    statement_timeout: STATEMENT_MS,
    query_timeout: SILENCE_MS,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
  },
});

export const createDataSource = (url: string, pool_size: number): DataSource =>
  new DataSource(databaseOptions(url, pool_size));
