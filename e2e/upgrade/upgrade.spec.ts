import { readFileSync } from 'node:fs';
import { type Installation, thisRelease, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { createAgents } from '../faults/population';
import { isMissing, previousRelease } from './previous.release';
import { Traffic } from './traffic';
import { useRelease } from './use.release';

const current = () => thisRelease;
const directions = [
  ['an upgrade from the previous version', previousRelease, current],
  ['the way back to the previous version', current, previousRelease],
] as const;

describe.skipIf(isMissing).each(directions)('%s', (_direction, from, to) => {
  const { roost, oracle } = useRelease(from);

  it('under traffic loses nothing: each message is answered once and in order, and clients see a reconnect', async () => {
    roost().model.reply(({ text }) => `You said: ${text}`, { pace: { tokenDelayMs: 10 } });
    const agents = await createAgents(roost(), 3);
    const traffic = new Traffic(roost(), oracle(), agents);
    await traffic.flows();

    await roost().migrateTo(to());
    await traffic.flows();

    const { manager: former } = roost();
    await roost().startManager();
    await traffic.flows();

    await former.stop();
    expect(former.child.exit).toMatchObject({ code: 0 });
    expect(programsOf(roost(), agents)).toEqual([from().bundle('agent-runner')]);
    await traffic.flows();

    await Promise.all(agents.map((id) => roost().api.stop(id)));
    const successor = to().bundle('agent-runner');
    await until(
      'every runner has been replaced',
      () => programsOf(roost(), agents).every((program) => program === successor),
      30_000,
    );
    await traffic.flows();
    await traffic.end();

    const { ledger } = oracle();
    expect(await ledger.query(`SELECT id, error_code FROM messages WHERE status = 'failed'`)).toEqual([]);
    for (const listener of traffic.listeners) {
      const replies = await ledger.replies(listener.thread_id);
      await until('the last reply is heard', () => listener.replies.at(-1) === replies.at(-1));
      expect(listener.replies).toEqual(replies.slice(-listener.replies.length));
      expect(listener.frames.filter(({ type }) => type === 'error' || type === 'resync')).toEqual([]);
      expect(listener.reconnects).toBeLessThanOrEqual(1);
      await listener.leave();
    }
  }, 240_000);
});

/** What the runners of these agents were started from. */
const programsOf = ({ runners }: Installation, agents: string[]): string[] => [
  ...new Set(
    agents.flatMap((id) =>
      runners.living(id).flatMap(({ pid }) =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\0')
          .filter((word) => word.endsWith('.js')),
      ),
    ),
  ),
];
