import type { AcceptedMessageDto } from '@roost/contracts/rest';
import { aPublicAgent, isFull, PlainChat, RestartableRedis, sized, until } from '@roost/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type FaultyServers, useFaultyServers } from './use.faulty.servers';

const story = Array.from({ length: 20 }, (_, index) => `Sentence ${index} of the story.`).join(' ');

const conversation = async ({ roost }: FaultyServers, thread_id: string) =>
  (await roost().api.messages(thread_id)).items.map(({ role, content }) => `${role}: ${content}`);

describe('Redis, cut off without a word', () => {
  const system = useFaultyServers();
  const { roost, oracle, redis, runnersRedis, internal } = system;
  const outage_ms = sized({ short: 7_000, full: 10_000 });

  const talking = async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('before');
    await chat.reply();
    return { id, chat };
  };

  it.each([
    ['from managers and runners', () => [redis(), runnersRedis()]],
    ...sized<[string, () => ReturnType<typeof redis>[]][]>({
      short: [],
      full: [
        ['from runners alone', () => [runnersRedis()]],
        ['from managers alone', () => [redis()]],
        ['from nobody, but the managers from the runners', () => [internal()]],
      ],
    }),
  ] as [string, () => ReturnType<typeof redis>[]][])(
    '%s: what is said meanwhile is accepted and answered, the socket holds, the runner stays',
    async (_whom, proxies) => {
      const { id, chat } = await talking();
      const [runner] = roost().runners.living(id);
      for (const proxy of proxies()) proxy.freeze();
      const begun = performance.now();

      const accepted = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          roost().api.call<AcceptedMessageDto>({
            method: 'POST',
            path: `/agents/${id}/messages`,
            body: { content: `in the dark ${index}` },
            deadlineMs: 60_000,
          }),
        ),
      );
      oracle().expect(...accepted.map(({ message_id }) => message_id));
      await pause(Math.max(0, outage_ms - (performance.now() - begun)));
      for (const proxy of proxies()) proxy.thaw();

      for (const { thread_id } of accepted) {
        await until(
          'it is answered',
          async () => (await conversation(system, thread_id)).length === 2,
          60_000,
        );
      }
      chat.say('after');
      await until(
        'the same socket brings the answer',
        () => chat.ofType('message').some(({ content }) => content === 'You said: after'),
        30_000,
      );
      expect(roost().runners.living(id)).toEqual([runner]);
      await chat.close();
    },
  );
});

describe.runIf(isFull)('Redis, restarted with nothing in it', () => {
  let server: RestartableRedis | undefined;
  const system = useFaultyServers({
    servers: async () => {
      server = await RestartableRedis.start();
      return { redis: server };
    },
  });
  const { roost, oracle } = system;
  afterAll(() => server?.stop());

  it('what is owed is answered without a further message, within seconds; idle agents sleep until the next', async () => {
    roost().model.reply(story, { to: 'Tell me a story.', pace: { tokenDelayMs: 30 } });
    const agents = await Promise.all(
      ['Owing', 'Idle'].map((name) => roost().api.createAgent(aPublicAgent({ name }))),
    );
    const [owing = '', idle = ''] = agents.map(({ id }) => id);
    await Promise.all([owing, idle].map((id) => roost().api.start(id)));
    const chat = await PlainChat.open(roost().origin, owing, { stream: 'tokens' });
    chat.say('Tell me a story.');
    await chat.nth('token', 3);
    const thread_id = await chat.thread();

    await server?.crash();

    const begun = performance.now();
    await until(
      'what is owed is answered',
      async () => (await conversation(system, thread_id)).length === 2,
      60_000,
    );
    const took_ms = performance.now() - begun;
    console.log(`answered ${(took_ms / 1_000).toFixed(1)} s after Redis came back`);
    expect(took_ms).toBeLessThan(30_000);
    const { message_id } = await roost().api.say(idle, { content: 'are you there?' });
    oracle().expect(message_id);
    await until('it is answered', async () => (await roost().api.status(idle)).state === 'running', 30_000);
    await chat.close();
  });
});
