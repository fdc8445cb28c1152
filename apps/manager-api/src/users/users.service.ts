import { Injectable } from '@nestjs/common';
import type { PageQueryDto, UserFactDto, UserFactPageDto } from '@roost/contracts/rest';
import { Messaging } from '@roost/messaging';
import { ThreadsService } from '../chat/threads.service';
import { byCreation, pageRequest, toPage } from '../database/page';
import { FactsRepository } from './facts.repository';
import type { UserFactEntity } from './user-fact.entity';
import { type UserThread, UsersRepository } from './users.repository';

const BATCH = 100;

@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly facts: FactsRepository,
    private readonly threads: ThreadsService,
    private readonly messaging: Messaging,
  ) {}

  async factsOf(user_id: string, query: PageQueryDto): Promise<UserFactPageDto> {
    const request = pageRequest(query);
    return toPage(await this.facts.pageOfUser(user_id, request), request, byCreation, toFactDto);
  }

  /** Erases what is stored of a user. Interrupted half-way it is repeated; somebody unknown counts as erased. */
  async erase(user_id: string): Promise<void> {
    let after = '';
    for (;;) {
      const batch = await this.users.threadsAfter(user_id, after, BATCH);
      for (const thread of batch) await this.eraseThread(thread, user_id);
      const last = batch.at(-1);
      if (!last) break;
      after = last.id;
    }
    // Last: a run that was under way may have noted one.
    await this.facts.forgetUser(user_id);
  }

  private async eraseThread(thread: UserThread, user_id: string): Promise<void> {
    if (thread.is_own) return this.threads.delete(thread.id);
    await this.users.eraseFrom(thread, user_id);
    await this.messaging.eventLog.drop(thread.agent_id, thread.id);
  }
}

const toFactDto = ({ id, agent_id, text, created_at }: UserFactEntity): UserFactDto => ({
  id,
  agent_id,
  text,
  created_at: created_at.toISOString(),
});
