import { INBOX_GROUP, InboxEntry, keys, REPORTS_GROUP, RunnerReport, topics } from '@roost/contracts';
import type { Redis } from 'ioredis';

/** Every stream with a consumer group: its payload, key, group, and the topic that says there is something new. */
export const streamChannels = {
  inbox: { schema: InboxEntry, key: keys.inbox, group: INBOX_GROUP, hint: null },
  reports: { schema: RunnerReport, key: keys.reports, group: REPORTS_GROUP, hint: topics.reportsReady },
} as const;

export interface StreamPayloads {
  inbox: InboxEntry;
  reports: RunnerReport;
}
export type StreamName = keyof StreamPayloads;

/** One entry of a stream; `id` acknowledges it. */
export interface StreamEntry<Payload> {
  id: string;
  payload: Payload;
}

/** Every entry is one field `json`. */
export type RawEntry = [id: string, fields: string[] | null];

export class StreamProducer {
  constructor(private readonly redis: Redis) {}

  /** Appends to the agent's stream and, where the stream has one, hints on its topic, in one round trip. */
  async add<Name extends StreamName>(
    name: Name,
    agent_id: string,
    payload: StreamPayloads[Name],
  ): Promise<void> {
    const channel = streamChannels[name];
    const key = channel.key(agent_id);
    const json = JSON.stringify(channel.schema.parse(payload));
    if (channel.hint === null) {
      await this.redis.xadd(key, '*', 'json', json);
      return;
    }
    const results = await this.redis
      .pipeline()
      .xadd(key, '*', 'json', json)
      .publish(channel.hint(agent_id), '')
      .exec();
    const failed = results?.find(([error]) => error)?.[0];
    if (failed) throw failed;
  }

  /** Payloads that stand in the stream, delivered or not, oldest first; at most `limit`. */
  async peek<Name extends StreamName>(
    name: Name,
    agent_id: string,
    limit: number,
  ): Promise<StreamPayloads[Name][]> {
    const entries = await this.redis.xrange(streamChannels[name].key(agent_id), '-', '+', 'COUNT', limit);
    return parseEntries(name, entries).entries.map(({ payload }) => payload);
  }

  /** Takes entries whose payload fits off the agent's stream, delivered or not; looks at the first `limit`. */
  async remove<Name extends StreamName>(
    name: Name,
    agent_id: string,
    fits: (payload: StreamPayloads[Name]) => boolean,
    limit: number,
  ): Promise<void> {
    const { key, group } = streamChannels[name];
    const raw = await this.redis.xrange(key(agent_id), '-', '+', 'COUNT', limit);
    const ids = parseEntries(name, raw).entries.flatMap(({ id, payload }) => (fits(payload) ? [id] : []));
    if (ids.length === 0) return;
    await this.redis
      .multi()
      .xack(key(agent_id), group, ...ids)
      .xdel(key(agent_id), ...ids)
      .exec();
  }

  /** Which of the agents have entries in the stream, delivered or not. */
  async occupied(name: StreamName, agent_ids: string[]): Promise<string[]> {
    if (agent_ids.length === 0) return [];
    const pipeline = this.redis.pipeline();
    for (const agent_id of agent_ids) pipeline.xlen(streamChannels[name].key(agent_id));
    const lengths = (await pipeline.exec()) ?? [];
    return agent_ids.filter((_agent_id, index) => Number(lengths[index]?.[1] ?? 0) > 0);
  }

  /** Forgets the agent's stream with its group. */
  async drop(name: StreamName, agent_id: string): Promise<void> {
    await this.redis.del(streamChannels[name].key(agent_id));
  }
}

/** Parses what Redis returned; entries that do not fit the schema are listed apart, so that they can be set aside. */
export function parseEntries<Name extends StreamName>(
  name: Name,
  raw: RawEntry[],
): { entries: StreamEntry<StreamPayloads[Name]>[]; rejected: string[] } {
  const entries: StreamEntry<StreamPayloads[Name]>[] = [];
  const rejected: string[] = [];
  for (const [id, fields] of raw) {
    const payload = streamChannels[name].schema.safeParse(parseJson(fields?.[1]));
    if (payload.success) entries.push({ id, payload: payload.data as StreamPayloads[Name] });
    else rejected.push(id);
  }
  return { entries, rejected };
}

/** Undefined for what is not JSON. */
export function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
