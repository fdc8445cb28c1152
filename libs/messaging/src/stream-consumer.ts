import type { Redis } from 'ioredis';
import { ConsumerGroup } from './consumer-group';
import {
  parseEntries,
  streamChannels,
  type StreamEntry,
  type StreamName,
  type StreamPayloads,
} from './streams';

export interface StreamConsumerOptions<Name extends StreamName> {
  name: Name;
  agent_id: string;
  /** Unique among the consumers of the group: what is delivered to it is its own until acknowledged. */
  consumer: string;
  /** Told of entries that do not fit the schema; they are acknowledged, never delivered. */
  onRejected: (entry_ids: string[]) => void;
}

/** One member of the consumer group of an agent's stream. */
export class StreamConsumer<Name extends StreamName> extends ConsumerGroup<
  StreamEntry<StreamPayloads[Name]>
> {
  constructor(commands: Redis, blocking: Redis | null, options: StreamConsumerOptions<Name>) {
    const { name, agent_id, consumer, onRejected } = options;
    const { key, group } = streamChannels[name];
    super(commands, blocking, {
      key: key(agent_id),
      group,
      consumer,
      parse: (raw) => parseEntries(name, raw),
      onRejected,
    });
  }
}
