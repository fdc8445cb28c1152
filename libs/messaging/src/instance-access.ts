import { agentPrefix, instanceOfUser, instanceUser } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';

/** What a runner does with Redis, and nothing more. */
const COMMANDS = [
  ...['+ping', '+hello', '+auth', '+client|setname', '+client|id'],
  ...[
    '+xadd',
    '+xack',
    '+xdel',
    '+xreadgroup',
    '+xautoclaim',
    '+xgroup|create',
    '+xgroup|delconsumer',
    '+xinfo|consumers',
    '+multi',
    '+exec',
  ],
  ...['+publish', '+get', '+set', '+del', '+pexpire', '+eval', '+evalsha', '+script|load'],
];

/** One Redis user an instance, limited to the keys and topics of its agent. */
export class InstanceAccess {
  constructor(private readonly redis: Redis) {}

  /**
   * Creates the instance's user, or gives it a new password.
   * @throws {Error} when Redis does not allow `ACL SETUSER` (some managed offerings), which Roost cannot do without.
   */
  async grant(agent_id: string, instance_id: string): Promise<{ username: string; password: string }> {
    const username = instanceUser(instance_id);
    const password = randomBytes(32).toString('hex');
    const prefix = `${agentPrefix(agent_id)}:*`;
    try {
      await this.redis.call(
        ...([
          'ACL',
          'SETUSER',
          username,
          'reset',
          'on',
          `>${password}`,
          `~${prefix}`,
          `&${prefix}`,
          ...COMMANDS,
        ] as const),
      );
    } catch (error) {
      throw new Error(`Redis refused ACL SETUSER; Roost needs a Redis that allows it (${String(error)})`, {
        cause: error,
      });
    }
    return { username, password };
  }

  /** Instances that have a user. Redis keeps users in memory, and so forgets them with a restart. */
  async list(): Promise<string[]> {
    const users = (await this.redis.call('ACL', 'USERS')) as string[];
    return users.map(instanceOfUser).filter((instance_id) => instance_id !== null);
  }

  /** Deletes the user and cuts its connections: nothing the instance sends afterwards has an effect. */
  async revoke(instance_id: string): Promise<void> {
    await this.redis.call('ACL', 'DELUSER', instanceUser(instance_id));
  }
}
