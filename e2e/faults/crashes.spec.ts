import { aPublicAgent, type Installation, PlainChat, signalGroup, until } from '@roost/testing';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

const fixture = (name: string): string => join(import.meta.dirname, name);

const statusOf = (roost: Installation, id: string) => roost.api.status(id);

describe('a crash has a name', () => {
  describe('of a runner that ends before it is ready', () => {
    const { roost } = useFaults({ env: { RUNNER_ENTRY: fixture('ends-at-once.fixture.mjs') } });

    it('start_failed, then crash_loop after the third in a row; the message that waited fails visibly, and its backoff is kept', async () => {
      const { id } = await roost().api.createAgent(aPublicAgent());
      const chat = await PlainChat.open(roost().origin, id);
      chat.say('wake up');

      const error = await chat.error('agent_failed', 60_000);
      const { state, reason, detail, generation } = await statusOf(roost(), id);

      expect({ state, reason, generation }).toEqual({ state: 'failed', reason: 'crash_loop', generation: 3 });
      expect(detail).toContain('exit code 7');
      expect(error.content).not.toBe('');
      const reasons = () =>
        chat.ofType('status').flatMap(({ state, code }) => (state === 'failed' ? [code] : []));
      // The third is told after the error.
      await until('the chat hears why', () => reasons().length > 2);
      expect(reasons()).toEqual(['start_failed', 'start_failed', 'crash_loop']);
      // Bounded: nothing is tried again before the backoff of 22 s or more is over, whatever is said.
      chat.say('and now?');
      const since = performance.now();
      await until('the reconciler has looked a few times', () => performance.now() - since > 3_000);
      expect((await statusOf(roost(), id)).generation).toBe(3);
      await roost().api.stop(id, { force: true });
      await chat.close();
    });
  });

  describe('of a runner that is never ready', () => {
    const { roost } = useFaults({
      env: { RUNNER_ENTRY: fixture('never-ready.fixture.mjs'), START_DEADLINE_SECONDS: '2' },
    });

    it('start_failed within the deadline, and its process is gone', async () => {
      const { id } = await roost().api.createAgent(aPublicAgent());
      const began = performance.now();

      const status = await roost().api.start(id, 30);

      expect(status).toMatchObject({ state: 'failed', reason: 'start_failed' });
      expect(performance.now() - began).toBeLessThan(15_000);
      await until('its process is gone', () => roost().runners.pidsOf(id).length === 0, 20_000);
    });
  });

  describe('of a runner that runs', () => {
    const { roost, oracle } = useFaults();

    it('killed while it is idle: process_lost within 10 s, and the next message is answered', async () => {
      const { id } = await roost().api.createAgent(aPublicAgent());
      await roost().api.start(id);
      const { pid } = await roost().runners.of(id);

      signalGroup(pid, 'SIGKILL');

      await until('it is named', async () => (await statusOf(roost(), id)).reason === 'process_lost', 10_000);
      const chat = await PlainChat.open(roost().origin, id);
      chat.say('are you back?');
      await chat.reply(undefined, 30_000);
      expect(await statusOf(roost(), id)).toMatchObject({ state: 'running', reason: null, generation: 2 });
      await chat.close();
    });

    it('killed while it starts, initializes, streams and stops: what was said is answered', async () => {
      roost().model.reply('A long answer, token by token, to be cut.', { pace: { tokenDelayMs: 40 } });
      const { id } = await roost().api.createAgent(aPublicAgent());
      const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
      for (const state of ['starting', 'initializing', 'running', 'stopping']) {
        const seen = chat.ofType('status').length;
        chat.say(`in ${state}`);
        if (state === 'stopping') {
          await chat.nth('token', chat.ofType('token').length + 1, 30_000);
          await roost().api.stop(id);
        }
        await chat.waitFor(
          () =>
            state === 'running' ||
            chat
              .ofType('status')
              .slice(seen)
              .some((frame) => frame.state === state),
          30_000,
        );
        const pid = await until('a process', () => roost().runners.pidsOf(id)[0], 30_000);
        signalGroup(pid, 'SIGKILL');
        await oracle().verdict();
        await roost().api.stop(id);
        await until('it sleeps', async () => (await statusOf(roost(), id)).state !== 'stopping', 30_000);
      }

      const { items } = await roost().api.messages(await chat.thread());
      expect(items.filter(({ role }) => role === 'user').map(({ status }) => status)).toEqual([
        'done',
        'done',
        'done',
        'done',
      ]);
      await chat.close();
    });
  });
});
