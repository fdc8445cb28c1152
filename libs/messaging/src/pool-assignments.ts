import { keys, PoolAssignment } from '@roost/contracts';
import type { Redis } from 'ioredis';

/** How a waiting member of the warm pool learns whose instance it becomes: a list of its own, read once. */
export class PoolAssignments {
  constructor(private readonly commands: Redis) {}

  /** Tells the member; what it has not taken after `life_ms` is forgotten. */
  async assign(instance_id: string, assignment: PoolAssignment, life_ms: number): Promise<void> {
    const key = keys.poolAssignment(instance_id);
    const answers = await this.commands
      .multi()
      .rpush(key, JSON.stringify(PoolAssignment.parse(assignment)))
      .pexpire(key, life_ms)
      .exec();
    const failed = answers?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
  }
}

/** The member's side: one blocking read at a time on a connection of its own. */
export class PoolAssignmentReader {
  private readonly key: string;

  constructor(
    private readonly blocking: Redis,
    instance_id: string,
  ) {
    this.key = keys.poolAssignment(instance_id);
  }

  /** Null when none came within `block_ms`. Rejects when Redis is away or the member's user is gone. */
  async next(block_ms: number): Promise<PoolAssignment | null> {
    const taken = await this.blocking.blpop(this.key, block_ms / 1_000);
    return taken === null ? null : PoolAssignment.parse(JSON.parse(taken[1]));
  }
}
