import { Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { PageQueryDto, UserFactDto, UserFactPageDto } from '@roost/contracts/rest';
import { Messaging } from '@roost/messaging';
import { setTimeout as pause } from 'node:timers/promises';
import { CancellingService } from '../cancelling/cancelling.service';
import { RunEndingsRepository } from '../cancelling/run-endings.repository';
import { ThreadsService } from '../chat/threads.service';
import { byCreation, pageRequest, toPage } from '../database/page';
import { FactsRepository } from './facts.repository';
import type { UserFactEntity } from './user-fact.entity';
import { type UserThread, UsersRepository } from './users.repository';

const BATCH = 100;
/** Milliseconds in which a cancelled run must have ended, and between two looks. */
const END_MS = 10_000;
const LOOK_MS = 50;

@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersRepository,
    private readonly facts: FactsRepository,
    private readonly threads: ThreadsService,
    private readonly cancelling: CancellingService,
    private readonly endings: RunEndingsRepository,
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
    await this.endRuns(thread);
    if (thread.is_own) return this.threads.delete(thread.id);
    await this.users.eraseFrom(thread, user_id);
    await this.messaging.topics.publishForgotten(thread.agent_id, { thread_id: thread.id });
    await this.messaging.eventLog.drop(thread.agent_id, thread.id);
  }

  /** What is under way knows the user, and would write of them. */
  private async endRuns({ agent_id, id }: UserThread): Promise<void> {
    const cancelled = await this.cancelling.cancel(agent_id, id);
    for (const ends_at = performance.now() + END_MS; ; await pause(LOOK_MS)) {
      if ((await this.endings.stillOwed(cancelled)).length === 0) return;
      if (performance.now() > ends_at) throw new ServiceError('dependency_unavailable', NOT_ENDED);
    }
  }
}

const NOT_ENDED = 'A run of this user has not ended yet. Send the request again.';

const toFactDto = ({ id, agent_id, text, created_at }: UserFactEntity): UserFactDto => ({
  id,
  agent_id,
  text,
  created_at: created_at.toISOString(),
});
