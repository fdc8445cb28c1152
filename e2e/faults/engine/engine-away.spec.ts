import { aPublicAgent, engineCalls, type Fault, isFull, PlainChat, sized, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { client, useFaultyEngine } from './use.faulty.engine';

const START_DEADLINE_S = 25;
/** Many reconcile passes, and longer than one call to the engine may take. */
const awayForMs = sized({ short: 5_000, full: 40_000 });

describe.skipIf(!client)('an engine that', () => {
  const { roost, oracle, engine, cli, containerOf, gone } = useFaultyEngine('engine-away', {
    START_DEADLINE_SECONDS: String(START_DEADLINE_S),
  });

  const started = async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    return { id, chat: await PlainChat.open(roost().origin, id) };
  };

  const faults: [string, () => Promise<void> | void][] = [
    ['hangs', () => engine().freeze()],
    ['is gone', () => engine().refuse()],
  ];

  it.each(sized({ short: faults.slice(0, 1), full: faults }))(
    '%s ends nobody: running agents stay so and answer, and it is used again afterwards',
    async (_fault, strike) => {
      const { id, chat } = await started();
      const before = await containerOf(id);
      await strike();
      const begun = performance.now();

      for (let said = 1; performance.now() - begun < awayForMs; said += 1) {
        chat.say(`message ${said}`);
        const reply = await chat.nth('message', said);
        oracle().expect(reply.message_object.in_reply_to ?? '');
        expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 1 });
        await until('the next second', () => performance.now() - begun > said * 1_000);
      }
      const readiness = await fetch(`${roost().origin}/readyz`);
      expect(readiness.status).toBe(200);
      expect(await readiness.json()).toMatchObject({ dependencies: { launcher: 'down' } });

      engine().heal();
      await engine().accept();
      const next = await started();
      expect(await roost().api.status(next.id)).toMatchObject({ state: 'running' });
      expect((await containerOf(id)).Id).toBe(before.Id);
      for (const agent of [id, next.id]) {
        await roost().api.stop(agent);
        await gone(agent);
      }
      await Promise.all([chat.close(), next.chat.close()]);
    },
  );

  it.runIf(isFull).each(faults)(
    '%s while an agent starts, and is back in time: it runs, in its first generation',
    async (_fault, strike) => {
      await strike();
      const { id } = await roost().api.createAgent(aPublicAgent());
      const starting = roost().api.start(id);
      const begun = performance.now();
      // Longer than a handful of attempts in quick succession.
      await until(
        'half the deadline is over',
        () => performance.now() - begun > START_DEADLINE_S * 500,
        20_000,
      );
      expect(await roost().api.status(id)).toMatchObject({ state: 'starting' });
      engine().heal();
      await engine().accept();

      expect(await starting).toMatchObject({ state: 'running', generation: 1 });

      await roost().api.stop(id);
      await gone(id);
    },
  );

  it.runIf(isFull).each(faults)(
    '%s for the whole of a start: failed within the deadline, naming the engine; what was said is answered afterwards',
    async (_fault, strike) => {
      await strike();
      const { id } = await roost().api.createAgent(aPublicAgent());
      const begun = performance.now();

      const status = await roost().api.start(id, START_DEADLINE_S + 10);

      expect(performance.now() - begun).toBeLessThan((START_DEADLINE_S + 2) * 1_000);
      expect(status).toMatchObject({
        state: 'failed',
        reason: 'start_failed',
        detail: expect.stringContaining('Docker Engine'),
      });
      engine().heal();
      await engine().accept();
      const chat = await PlainChat.open(roost().origin, id);
      chat.say('are you there?');
      await chat.reply(undefined, 30_000);
      await roost().api.stop(id);
      await gone(id);
      await chat.close();
    },
  );

  it('is gone for a moment while an agent stops: it is stopped as soon as it is back', async () => {
    const { id, chat } = await started();
    await engine().refuse();
    expect(await roost().api.stop(id)).toMatchObject({ state: 'stopping' });
    const begun = performance.now();
    await until('a moment has passed', () => performance.now() - begun > 2_000);
    await engine().accept();

    await gone(id);
    await until('the status says so', async () => (await roost().api.status(id)).state === 'stopped');
    expect(performance.now() - begun).toBeLessThan(15_000);
    await chat.close();
  });

  const silences: [string, Fault][] = [
    ['are frozen', { kind: 'swallow_answer' }],
    ['are cut again and again', { kind: 'lose_answer' }],
  ];
  it.each(sized({ short: silences.slice(0, 1), full: silences }))(
    'tells nothing, because its events %s: a death is seen by the next list',
    async (_how, fault) => {
      const { id, chat } = await started();
      engine().on(engineCalls.events, fault);
      engine().cutAll();
      const { Id } = await containerOf(id);
      chat.say('one');
      await chat.reply();
      await cli('kill', Id);

      const state = await until(
        'the death is seen',
        async () => {
          const status = await roost().api.status(id);
          return status.state === 'failed' && status;
        },
        10_000,
      );
      expect(state).toMatchObject({ reason: 'process_lost' });
      chat.say('two');
      await chat.nth('message', 2, 30_000);
      await roost().api.stop(id);
      await chat.close();
    },
  );
});
