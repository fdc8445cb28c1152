import { Inject, Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { Messaging, type RateLimiter } from '@roost/messaging';
import { ownerOf, type Principal } from '../access/principal';
import { CONFIG, type ManagerConfig } from '../config';
import { addressSubject } from './address-subject';

const MINUTE_S = 60;

/** Limits on messages and connections, shared by all managers. While Redis is away each manager counts alone. */
@Injectable()
export class Limits {
  private readonly messages: RateLimiter;
  private readonly threadMessages: RateLimiter;
  private readonly connections: RateLimiter;

  constructor(messaging: Messaging, @Inject(CONFIG) config: ManagerConfig) {
    const perMinute = (name: string, points: number) =>
      messaging.rateLimiter({ name, points, duration_s: MINUTE_S });
    this.messages = perMinute('messages', config.MESSAGES_PER_MINUTE);
    this.threadMessages = perMinute('thread-messages', config.THREAD_MESSAGES_PER_MINUTE);
    this.connections = perMinute('connections', config.CONNECTIONS_PER_MINUTE);
  }

  /** @throws {ServiceError} `too_many_requests` */
  async checkMessage(
    principal: Principal,
    address: string,
    { thread_id, user_id }: { thread_id?: string | undefined; user_id?: string | undefined },
  ): Promise<void> {
    const [own, thread] = await Promise.all([
      this.messages.exceeded(senderOf(principal, address, user_id)),
      thread_id === undefined ? null : this.threadMessages.exceeded(thread_id),
    ]);
    refuse(own, 'messages');
    refuse(thread, 'messages on this thread');
  }

  /** @throws {ServiceError} `too_many_requests` */
  async checkConnection(principal: Principal, address: string): Promise<void> {
    refuse(await this.connections.exceeded(subjectOf(principal, address)), 'connections');
  }
}

/** Whose limits count: a credential's, or an address's without one. */
export function subjectOf(principal: Principal, address: string): string {
  switch (principal.kind) {
    case 'anonymous':
      return `address:${addressSubject(address)}`;
    case 'chat_token':
      // Two operators may know different users by one name.
      return `key:${principal.api_key_id}/${ownerOf(principal)}`;
    case 'api_key':
    case 'instance':
      return ownerOf(principal);
  }
}

/** A key that serves a messenger speaks for all of its users: each has the limit for themselves. */
function senderOf(principal: Principal, address: string, user_id: string | undefined): string {
  const subject = subjectOf(principal, address);
  const serves = principal.kind === 'api_key' && principal.scopes.includes('integrations:serve');
  return serves && user_id !== undefined ? `${subject}/${user_id}` : subject;
}

function refuse(retry_after_s: number | null, what: string): void {
  if (retry_after_s === null) return;
  throw new ServiceError('too_many_requests', `Too many ${what}; try again in ${retry_after_s} s.`, {
    retry_after_s,
  });
}
