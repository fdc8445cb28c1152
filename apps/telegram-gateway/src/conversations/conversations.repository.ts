import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ConversationEntity } from './conversation.entity';
import type { Place } from './incoming';
import { UserEntity } from './user.entity';

type Where = Pick<Place, 'chat_id' | 'topic_id'>;

@Injectable()
export class ConversationsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** The thread of a chat, or of a topic in it; null before the first message and after /new. */
  async threadOf(bot_id: number, { chat_id, topic_id }: Where): Promise<string | null> {
    const row = await this.database
      .getRepository(ConversationEntity)
      .findOneBy({ bot_id, chat_id, topic_id });
    return row?.thread_id ?? null;
  }

  async setThread(bot_id: number, { chat_id, topic_id }: Where, thread_id: string | null): Promise<void> {
    await this.database
      .getRepository(ConversationEntity)
      .upsert({ bot_id, chat_id, topic_id, thread_id }, ['bot_id', 'chat_id', 'topic_id']);
  }

  /** What was said in a chat goes on in another; once that has a thread of its own, it keeps that. */
  async move(bot_id: number, from: number, to: number): Promise<void> {
    await this.database.query(
      `INSERT INTO telegram.conversations (bot_id, chat_id, topic_id, thread_id)
       SELECT bot_id, $3, topic_id, thread_id FROM telegram.conversations WHERE bot_id = $1 AND chat_id = $2
       ON CONFLICT DO NOTHING`,
      [bot_id, from, to],
    );
  }

  async phoneOf(bot_id: number, user_id: number): Promise<string | null> {
    const row = await this.database.getRepository(UserEntity).findOneBy({ bot_id, user_id });
    return row?.phone_number ?? null;
  }

  async setPhone(bot_id: number, user_id: number, phone_number: string): Promise<void> {
    await this.database
      .getRepository(UserEntity)
      .upsert({ bot_id, user_id, phone_number, shared_at: () => 'now()' }, ['bot_id', 'user_id']);
  }
}
