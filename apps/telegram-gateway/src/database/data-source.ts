import { migratingOptions, servingOptions } from '@roost/service-kit/database';
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

const own = {
  schema: SCHEMA,
  entities,
  migrations,
  // Otherwise it makes extensions, for which the gateway's role has no right.
  installExtensions: false,
};

export const databaseOptions = (url: string, pool_size: number): DataSourceOptions => ({
  ...servingOptions({ url, pool_size, application_name: 'roost-telegram' }),
  ...own,
});

export const createMigrationSource = (url: string): DataSource =>
  new DataSource({ ...migratingOptions({ url, application_name: 'roost-telegram-migrate' }), ...own });
