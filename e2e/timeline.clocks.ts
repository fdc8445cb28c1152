import { INBOX_GROUP, keys, type RunTimeline, timelineSpans, type TimelineSpan } from '@roost/contracts';
import { type Installation, redisCli, SocketIoChat, until } from '@roost/testing';

export const TOLERANCE_MS = 20;
/** Two processes see one event apart when a third one has the processor: the best of so many runs counts. */
const RUNS_MAX = 12;

const FIRST_TOKEN_MS = 500;
const TOKEN_MS = 40;
const ANSWER = 'four tokens long';
/** The stub sends four characters at a time, and an empty chunk before the first of them. */
const TOKENS = ANSWER.length / 4;

/** Milliseconds by which a timeline differs from clocks outside of the service; a span by the nearest of the runs. */
export type Differences = Record<TimelineSpan | 'total' | 'first_token_heard', number>;

/** Looks at a living instance's process from outside: when it was started, in milliseconds of the Unix epoch. */
export type StartedAt = (agent_id: string) => Promise<number>;

/**
 * Wakes a sleeping agent with a message, again and again, until each span has come within the tolerance once.
 * Clocks: the client's for the acknowledgement, the agent's states and the tokens; Redis' for the runner taking the
 * message up; the platform's for the start of the process; the model stub's journal for when the model was asked and,
 * by its pace, when it sent what.
 */
export async function differencesFromOutside(
  roost: Installation,
  agent_id: string,
  startedAt: StartedAt,
): Promise<{ best: Differences; timelines: RunTimeline[] }> {
  const pace = { firstTokenDelayMs: FIRST_TOKEN_MS, tokenDelayMs: TOKEN_MS };
  const timelines: RunTimeline[] = [];
  const all: Differences[] = [];
  let best: Differences;
  do {
    await asleep(roost, agent_id);
    roost.model.reset();
    roost.model.reply(ANSWER, { pace });
    const { timeline, differences } = await wakeOnce(roost, agent_id, startedAt);
    timelines.push(timeline);
    all.push(differences);
    best = nearest(all);
  } while (all.length < RUNS_MAX && Object.values(best).some((off) => Math.abs(off) > TOLERANCE_MS));
  return { best, timelines };
}

async function wakeOnce(
  roost: Installation,
  agent_id: string,
  startedAt: StartedAt,
): Promise<{ timeline: RunTimeline; differences: Differences }> {
  const chat = await SocketIoChat.open(roost.origin, agent_id);
  const { message_id, thread_id } = await chat.said('wake up');
  const acknowledged = Date.now();
  await roost.model.waitForRequests(1, 60_000);
  const taken_up = await deliveredAt(roost, agent_id);
  await chat.reply(message_id);
  chat.close();
  const process_started = await startedAt(agent_id);
  const { items } = await roost.api.messages(thread_id);
  const timeline = items.find(({ in_reply_to }) => in_reply_to === message_id)?.timeline;
  if (!timeline) throw new Error(`the reply has no timeline: ${JSON.stringify(items)}`);

  const heard = (...at: number[]): number => at[0] ?? Number.NaN;
  const state = (name: string): number =>
    heard(...chat.ofType('status').flatMap((frame) => (frame.state === name ? [chat.heardAt(frame)] : [])));
  const tokens = chat.ofType('token').map((frame) => chat.heardAt(frame));
  const asked = roost.model.requests()[0]?.receivedAt.getTime() ?? Number.NaN;
  const launched = state('starting');
  const exchanged = state('initializing');
  // What the service calls ready is that it takes messages up; that may be known before its state is told.
  const ready = Math.min(state('running'), taken_up);
  const first = tokens.at(0) ?? Number.NaN;
  const last = tokens.at(-1) ?? Number.NaN;

  const first_by_model = asked + FIRST_TOKEN_MS + TOKEN_MS;

  const outside: Record<TimelineSpan, number> = {
    queue: launched - acknowledged + (taken_up - ready),
    schedule: process_started - launched,
    boot: exchanged - process_started,
    ready: ready - exchanged,
    first_token: first_by_model - taken_up,
    last_token: (TOKENS - 1) * TOKEN_MS,
  };
  const total = last - acknowledged;
  const first_by_service =
    Date.parse(timeline.accepted_at) + timeline.total_ms - (timeline.last_token_ms ?? 0);
  const spans = timelineSpans.map((span) => [span, (timeline[`${span}_ms`] ?? Number.NaN) - outside[span]]);
  return {
    timeline,
    differences: {
      ...(Object.fromEntries(spans) as Record<TimelineSpan, number>),
      total: timeline.total_ms - total,
      first_token_heard: first_by_service - first,
    },
  };
}

/** When Redis gave the agent's runner the message it works on, by Redis' clock. */
async function deliveredAt({ redis }: Installation, agent_id: string): Promise<number> {
  const script = `local time = redis.call('TIME')
    local pending = redis.call('XPENDING', KEYS[1], '${INBOX_GROUP}', '-', '+', 1)[1]
    return pending and (time[1] * 1000 + math.floor(time[2] / 1000) - pending[3]) or 'nothing is under way'`;
  return Number(await redisCli(redis.url, 'EVAL', script, '1', keys.inbox(agent_id)));
}

function nearest(all: Differences[]): Differences {
  const names = Object.keys(all[0] ?? {}) as (keyof Differences)[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      all.map((run) => run[name]).reduce((a, b) => (Math.abs(b) < Math.abs(a) || Number.isNaN(a) ? b : a)),
    ]),
  ) as Differences;
}

async function asleep(roost: Installation, agent_id: string): Promise<void> {
  await roost.api.stop(agent_id);
  await until('the agent sleeps', async () => (await roost.api.status(agent_id)).state === 'stopped', 60_000);
}
