import { Heartbeat, HEARTBEAT_LIFE_MS, keys } from '@roost/contracts';
import type { Redis } from 'ioredis';

export class Heartbeats {
  constructor(private readonly redis: Redis) {}

  async beat(agent_id: string, heartbeat: Heartbeat): Promise<void> {
    await this.redis.set(
      keys.heartbeat(agent_id),
      JSON.stringify(Heartbeat.parse(heartbeat)),
      'PX',
      HEARTBEAT_LIFE_MS,
    );
  }

  async forget(agent_id: string): Promise<void> {
    await this.redis.del(keys.heartbeat(agent_id));
  }

  /** Null when no instance has beaten lately, which proves nothing by itself. */
  async read(agent_id: string): Promise<Heartbeat | null> {
    const json = await this.redis.get(keys.heartbeat(agent_id));
    return json === null ? null : Heartbeat.parse(JSON.parse(json));
  }
}
