import { aPublicAgent, seededRandom, sized, SocketIoChat, until } from '@roost/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clockShifted } from './clock';
import { createAgents } from './population';
import { useFaults } from './use.faults';

describe('an idle stop never cuts work', () => {
  const { roost, oracle } = useFaults({ env: { AGENT_INACTIVITY_CHECK_INTERVAL: '1' } });
  const { agents, rounds } = sized({ short: { agents: 6, rounds: 5 }, full: { agents: 20, rounds: 50 } });

  it(`${agents * rounds} races of a message against a stop: none is lost`, async () => {
    const random = seededRandom('races');
    const ids = await createAgents(roost(), agents, { inactivity_timeout: 1 });

    await Promise.all(
      ids.map(async (id, place) => {
        const chat = await SocketIoChat.open(roost().origin, id, { key: roost().api.key });
        for (let round = 1; round <= rounds; round += 1) {
          const { message_id } = await chat.said(`race ${round}`);
          oracle().expect(message_id);
          await chat.reply(message_id, 60_000);
          // By turns the idle stop itself, when it comes, and a stop at any moment around the message.
          if (round % 5 === 0)
            await chat.waitFor(() => isStopping(chat.ofType('status').at(-1)?.state), 30_000);
          else
            void roost()
              .api.stop(id)
              .catch(() => undefined);
          await pause(random.between(0, 60));
          if (place === 0 && round % 10 === 0) console.log(`round ${round} of ${rounds}`);
        }
        chat.close();
      }),
    );

    await oracle().verdict();
    const failed = await oracle().ledger.query(`SELECT id, error_code FROM messages WHERE status = 'failed'`);
    expect(failed).toEqual([]);
    const [row] = await oracle().ledger.query<{ done: number }>(
      `SELECT count(*)::int AS done FROM messages WHERE role = 'user' AND status = 'done'`,
    );
    expect(row?.done).toBe(agents * rounds);
  });

  it('a run of three idle timeouts is not culled', async () => {
    roost().model.reply('Finally.', { pace: { tokenDelayMs: 5, firstTokenDelayMs: 6_000 } });
    const { id } = await roost().api.createAgent(aPublicAgent({ inactivity_timeout: 2 }));
    const chat = await SocketIoChat.open(roost().origin, id);

    const { message_id } = await chat.said('take your time');
    oracle().expect(message_id);

    await expect(chat.reply(message_id, 60_000)).resolves.toMatchObject({ content: 'Finally.' });
    expect(await roost().api.status(id)).toMatchObject({ generation: 1 });
    expect(chat.ofType('status').map(({ state }) => state)).not.toContain('stopping');
    expect(roost().model.requests()).toHaveLength(1);
    chat.close();
  });

  it.each(sized({ short: [1], full: [1, -1] }))(
    'a manager whose clock is %i h off culls nobody',
    async (hours) => {
      const { id } = await roost().api.createAgent(aPublicAgent({ inactivity_timeout: 600 }));
      await roost().api.start(id);
      const before = await roost().runners.of(id);
      const right = roost().manager;
      await right.stop();
      const wrong = await roost().startAgain(right, clockShifted(hours));

      // The instance has been silent for as long as this takes, and not for an hour.
      const since = performance.now();
      await until('it has looked for idle agents', () => performance.now() - since > 4_000);
      const chat = await SocketIoChat.open(wrong.origin, id, { key: wrong.api.key });
      const { message_id } = await chat.said('still there?');
      oracle().expect(message_id);
      await chat.reply(message_id);

      expect(await roost().runners.of(id)).toEqual(before);
      expect(await wrong.api.status(id)).toMatchObject({ state: 'running', generation: 1 });
      const newest = /"time":"([^"]+)"(?!.*"time":)/s.exec(wrong.log())?.[1] ?? '';
      const offBy = Date.parse(newest) - Date.now();
      expect(Math.round(offBy / 3_600_000)).toBe(hours);
      chat.close();
      await wrong.api.stop(id);
      await wrong.stop();
      await roost().startAgain(wrong, { NODE_OPTIONS: '' });
    },
  );
});

const isStopping = (state: string | undefined): boolean => state === 'stopping' || state === 'stopped';
