import { internalPaths, type UserFact, type UserFacts } from '@roost/contracts';
import type { ManagerClient } from '../exchange/manager.client';

/** As long as a run waits for the rest of its memory. */
const DEADLINE_MS = 120_000;

/** What the agent knows of its users across threads; kept by the manager. */
export class UserMemory {
  constructor(private readonly manager: Pick<ManagerClient, 'request'>) {}

  /** Oldest first. Asked for each run: an erased user is forgotten at once. */
  async recall(user_id: string, signal: AbortSignal): Promise<UserFact[]> {
    return (await this.ask<UserFacts>('list', { user_id }, signal)).facts;
  }

  /** The same text again is the same fact. */
  remember(user_id: string, text: string, signal: AbortSignal): Promise<UserFact> {
    return this.ask('remember', { user_id, text }, signal);
  }

  forget(user_id: string, id: string, signal: AbortSignal): Promise<void> {
    return this.ask('forget', { user_id, id }, signal);
  }

  private ask<Result>(what: string, body: object, signal: AbortSignal): Promise<Result> {
    const path = `${internalPaths.facts}/${what}`;
    return this.manager.request<Result>({ method: 'POST', path, body, deadline_ms: DEADLINE_MS, signal });
  }
}
