import { agentPrefix, instanceOfUser, instanceUser, keys, poolUser } from '@roost/contracts';
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
  ...[
    '+publish',
    '+subscribe',
    '+unsubscribe',
    '+get',
    '+set',
    '+del',
    '+pexpire',
    '+eval',
    '+evalsha',
    '+script|load',
  ],
];

/** What a member of the warm pool does: it waits for its assignment. */
const POOL_COMMANDS = ['+ping', '+hello', '+auth', '+client|setname', '+client|id', '+blpop'];

/** Whatever Redis gives to new users: `acl-pubsub-default` may be every topic. */
const RESET = ['reset', 'resetchannels'];

/** One Redis user an instance, limited to the keys and topics of its agent. */
export class InstanceAccess {
  constructor(private readonly redis: Redis) {}

  /**
   * Creates the instance's user, or gives it a new password.
   * @throws {Error} when Redis does not allow `ACL SETUSER` (some managed offerings), which Roost cannot do without.
   */
  grant(agent_id: string, instance_id: string): Promise<{ username: string; password: string }> {
    const prefix = `${agentPrefix(agent_id)}:*`;
    return this.setUser(instanceUser(instance_id), [`~${prefix}`, `&${prefix}`, ...COMMANDS]);
  }

  /**
   * Creates the user of a member of the warm pool: it can take its own assignment and reaches nothing else.
   * @throws {Error} as {@link grant}.
   */
  grantPool(instance_id: string): Promise<{ username: string; password: string }> {
    return this.setUser(poolUser(instance_id), [`~${keys.poolAssignment(instance_id)}`, ...POOL_COMMANDS]);
  }

  /** Deletes the user an instance had in the warm pool, if it ever was there. */
  async revokePool(instance_id: string): Promise<void> {
    await this.redis.call('ACL', 'DELUSER', poolUser(instance_id));
  }

  /** Deletes the users and cuts their connections: nothing the instance sends afterwards has an effect. */
  async revoke(instance_id: string): Promise<void> {
    await this.redis.call('ACL', 'DELUSER', instanceUser(instance_id), poolUser(instance_id));
  }

  private async setUser(username: string, rules: string[]): Promise<{ username: string; password: string }> {
    const password = randomBytes(32).toString('hex');
    try {
      await this.redis.call('ACL', 'SETUSER', username, ...RESET, 'on', `>${password}`, ...rules);
    } catch (error) {
      throw new Error(`Redis refused ACL SETUSER; Roost needs a Redis that allows it (${String(error)})`, {
        cause: error,
      });
    }
    return { username, password };
  }

  /** Instances that have a user, in the pool's too. Redis keeps users in memory, and so forgets them with a restart. */
  async list(): Promise<string[]> {
    const users = (await this.redis.call('ACL', 'USERS')) as string[];
    return [...new Set(users.map(instanceOfUser).filter((instance_id) => instance_id !== null))];
  }
}
