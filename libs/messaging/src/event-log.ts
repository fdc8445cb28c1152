import { fitFrame, keys, type LoggedFrame, topics } from '@roost/contracts';
import type { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';

/** Milliseconds a thread's log lives after its last entry. */
export const EVENT_LOG_LIFE_MS = 24 * 60 * 60 * 1_000;
/** Entries a log keeps, at least; Redis trims whole nodes. */
export const EVENT_LOG_LENGTH = 4_000;

/** Entries read at once, unless said otherwise. */
export const EVENT_LOG_PAGE = 200;

/** A frame with its place in the log. */
export interface LoggedEvent {
  /** `<log_epoch>.<stream_id>` */
  event_id: string;
  frame: LoggedFrame;
}

/**
 * One append: the entries go to the stream and, each with its place, to whoever listens, in one atomic step, so
 * that a listener never sees an entry that a reader could not find. The epoch is made with the log and dies with
 * it. KEYS log, epoch; ARGV topic, life in ms, length, a fresh epoch, then frames.
 */
const APPEND = `
local epoch = redis.call('GET', KEYS[2])
if not epoch then
  redis.call('DEL', KEYS[1])
  epoch = ARGV[4]
end
redis.call('SET', KEYS[2], epoch, 'PX', ARGV[2])
local last
for i = 5, #ARGV do
  last = epoch .. '.' .. redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'json', ARGV[i])
  redis.call('PUBLISH', ARGV[1], last .. ' ' .. ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return last
`;

interface AppendCommand {
  appendToLog(log: string, epoch: string, ...args: (string | number)[]): Promise<string>;
}

/** The frames of each thread, in order, with cursors that say when something was lost. */
export class EventLog {
  constructor(private readonly redis: Redis) {
    if (!('appendToLog' in redis)) redis.defineCommand('appendToLog', { numberOfKeys: 2, lua: APPEND });
  }

  /**
   * Appends frames in order, each within the maximum size (`fitFrame`), and publishes them to listeners. Resolves with the last one's event id.
   */
  append(agent_id: string, thread_id: string, ...frames: [LoggedFrame, ...LoggedFrame[]]): Promise<string> {
    return (this.redis as Redis & AppendCommand).appendToLog(
      keys.eventLog(agent_id, thread_id),
      keys.eventLogEpoch(agent_id, thread_id),
      topics.thread(agent_id, thread_id),
      EVENT_LOG_LIFE_MS,
      EVENT_LOG_LENGTH,
      randomBytes(6).toString('hex'),
      ...frames.flatMap((frame) => fitFrame(frame)).map((frame) => JSON.stringify(frame)),
    );
  }

  /**
   * What follows `after` (an event id; null: the beginning), at most `limit` entries, oldest first. Fewer mean that
   * these were all. Null when that entry is not in the log any more: flushed, expired or trimmed past; the caller
   * then starts from the transcript.
   */
  async since(
    agent_id: string,
    thread_id: string,
    after: string | null,
    limit = EVENT_LOG_PAGE,
  ): Promise<LoggedEvent[] | null> {
    const [epoch, stream_id] = after === null ? [null, '-'] : splitEventId(after);
    if (stream_id === null) return null;
    // The entry itself comes with what follows it: that is how we know that nothing is missing in between.
    const results = await this.redis
      .multi()
      .get(keys.eventLogEpoch(agent_id, thread_id))
      .xrange(keys.eventLog(agent_id, thread_id), stream_id, '+', 'COUNT', after === null ? limit : limit + 1)
      .exec();
    const current = results?.[0]?.[1] as string | null | undefined;
    const entries = (results?.[1]?.[1] ?? []) as [string, string[]][];
    if (after === null) return current ? entries.map((entry) => toEvent(current, entry)) : [];
    if (!current || current !== epoch || entries[0]?.[0] !== stream_id) return null;
    return entries.slice(1).map((entry) => toEvent(current, entry));
  }

  /** The newest event id, or null when the log is empty. */
  async tip(agent_id: string, thread_id: string): Promise<string | null> {
    const results = await this.redis
      .multi()
      .get(keys.eventLogEpoch(agent_id, thread_id))
      .xrevrange(keys.eventLog(agent_id, thread_id), '+', '-', 'COUNT', 1)
      .exec();
    const epoch = results?.[0]?.[1] as string | null | undefined;
    const id = (results?.[1]?.[1] as [string, string[]][] | undefined)?.[0]?.[0];
    return epoch && id ? `${epoch}.${id}` : null;
  }

  /** Forgets the logs of threads. */
  async drop(agent_id: string, ...thread_ids: string[]): Promise<void> {
    if (thread_ids.length === 0) return;
    await this.redis.unlink(
      ...thread_ids.flatMap((thread_id) => [
        keys.eventLog(agent_id, thread_id),
        keys.eventLogEpoch(agent_id, thread_id),
      ]),
    );
  }
}

const toEvent = (epoch: string, [id, fields]: [string, string[]]): LoggedEvent => ({
  event_id: `${epoch}.${id}`,
  frame: JSON.parse(fields[1] ?? 'null') as LoggedFrame,
});

/** True when both stand in the same life of a log. */
export const sameEpoch = (left: string, right: string): boolean =>
  splitEventId(left)[0] === splitEventId(right)[0];

/** Parses what {@link EventLog.append} published. */
export function parseLoggedEvent(published: string): LoggedEvent {
  const space = published.indexOf(' ');
  return {
    event_id: published.slice(0, space),
    frame: JSON.parse(published.slice(space + 1)) as LoggedFrame,
  };
}

/**
 * True when `left` stands after `right` in the same log. Event ids of different epochs are never comparable: an
 * entry of a new epoch counts as later.
 */
export function isLater(left: string, right: string): boolean {
  const [leftEpoch, leftId] = splitEventId(left);
  const [rightEpoch, rightId] = splitEventId(right);
  if (leftEpoch !== rightEpoch || leftId === null || rightId === null) return leftEpoch !== rightEpoch;
  const [leftMs = 0, leftSequence = 0] = leftId.split('-').map(Number);
  const [rightMs = 0, rightSequence = 0] = rightId.split('-').map(Number);
  return leftMs === rightMs ? leftSequence > rightSequence : leftMs > rightMs;
}

function splitEventId(event_id: string): [epoch: string, stream_id: string | null] {
  const match = /^([0-9a-f]{12})\.(\d{1,20}-\d{1,20})$/.exec(event_id);
  return match?.[1] && match[2] ? [match[1], match[2]] : [event_id, null];
}
