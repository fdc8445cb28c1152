import { z } from 'zod';
import { parseJson, type RawEntry } from '../streams';

/** Milliseconds the longest-lived request or event may wait to be handled. */
export const COMMAND_LIFE_MS_MAX = 10 * 60_000;

/** What stands in a service's stream. Its deadline is the time in its id, by the clock of Redis, and `life_ms`. */
export const CommandEntry = z.object({
  pattern: z.string().max(100),
  data: z.unknown(),
  life_ms: z.int().min(1).max(COMMAND_LIFE_MS_MAX),
  /** Null: an event. */
  reply_to: z.object({ client_id: z.string().regex(/^[a-z0-9-]{1,64}$/), request_id: z.string() }).nullable(),
});
export type CommandEntry = z.infer<typeof CommandEntry>;

/** What stands in a client's stream of replies. */
export const CommandReply = z.object({
  request_id: z.string(),
  outcome: z.discriminatedUnion('type', [
    z.object({ type: z.literal('answered'), answer: z.unknown() }),
    z.object({
      type: z.literal('refused'),
      code: z.string(),
      detail: z.string(),
      errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      retry_after_s: z.number().optional(),
    }),
  ]),
});
export type CommandReply = z.infer<typeof CommandReply>;
export type CommandOutcome = CommandReply['outcome'];

/** A command as it was taken from the stream. */
export interface TakenCommand extends CommandEntry {
  /** Acknowledges it. */
  entry_id: string;
  /** Milliseconds of the Unix epoch, by the clock of Redis. */
  deadline: number;
}

export function parseCommands(raw: RawEntry[]): { entries: TakenCommand[]; rejected: string[] } {
  const entries: TakenCommand[] = [];
  const rejected: string[] = [];
  for (const [entry_id, fields] of raw) {
    const entry = CommandEntry.safeParse(parseJson(fields?.[1]));
    if (!entry.success) rejected.push(entry_id);
    else entries.push({ ...entry.data, entry_id, deadline: millisecondsOf(entry_id) + entry.data.life_ms });
  }
  return { entries, rejected };
}

/** The id of an entry begins with the time at which Redis appended it. */
const millisecondsOf = (entry_id: string): number => Number(entry_id.split('-')[0]);
