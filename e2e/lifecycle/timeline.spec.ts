import { timelineSpans } from '@roost/contracts';
import { aPublicAgent, PlainChat } from '@roost/testing';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { differencesFromOutside, TOLERANCE_MS } from '../timeline.clocks';
import { useInstallation } from '../use.installation';

const TICK_MS = 10;

/** When the kernel made a process, to a tick; see proc(5). */
function startOf(pid: number): number {
  const [up_s = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  const now = Date.now();
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return now - Number(up_s) * 1_000 + ticks * TICK_MS;
}

describe('the timeline of a reply', () => {
  const roost = useInstallation();

  it('agrees with clocks outside of the service, span by span', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    const { best, timelines } = await differencesFromOutside(roost(), id, async (agent_id) =>
      startOf((await roost().runners.of(agent_id)).pid),
    );

    for (const [span, off] of Object.entries(best))
      expect(Math.abs(off), span).toBeLessThanOrEqual(TOLERANCE_MS);
    for (const timeline of timelines) {
      expect(timeline).toMatchObject({ wake: 'cold', clock_skewed: false });
      expect(timelineSpans.reduce((sum, span) => sum + (timeline[`${span}_ms`] ?? 0), 0)).toBe(
        timeline.total_ms,
      );
    }
  }, 300_000);

  it('of a running agent has no wake in it, and comes with the last run frame', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('hello');
    const { message_object } = await chat.reply();

    const { items } = await roost().api.messages(await chat.thread());
    const timeline = items.find((item) => item.id === message_object.id)?.timeline;
    expect(timeline).toMatchObject({ wake: 'none', schedule_ms: 0, boot_ms: 0, ready_ms: 0 });
    expect(chat.ofType('run').at(-1)).toMatchObject({ state: 'completed', timeline });
    expect(chat.frames.findIndex(({ type }) => type === 'message')).toBe(chat.frames.length - 1);
    await chat.close();
  });

  it('is seen by nobody who asked for no more than messages', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('hello');
    await chat.reply();
    expect(chat.texts.join('')).not.toContain('queue_ms');
    await chat.close();
  });

  it('of a run that failed comes with its last run frame', async () => {
    roost().model.fail({ kind: 'unauthorized' });
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('hello');
    await chat.error('model_unauthorized');
    expect(chat.ofType('run').at(-1)).toMatchObject({
      state: 'failed',
      timeline: { wake: 'none', last_token_ms: null },
    });
    await chat.close();
  });

  it('shows in the metrics of the internal port, which is the only one that has them', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('hello');
    await chat.reply();
    await chat.close();

    const { origin, internalOrigin } = roost().manager;
    expect((await fetch(`${origin}/metrics`)).status).toBe(404);
    const text = await (await fetch(`${internalOrigin}/metrics`)).text();
    expect(text).toMatch(/^roost_run_span_seconds_count\{span="boot",wake="cold"\} [1-9]/m);
    expect(text).toMatch(/^roost_first_token_seconds_count\{wake="cold"\} [1-9]/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  });
});
