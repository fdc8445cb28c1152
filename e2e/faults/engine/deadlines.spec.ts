import { anAgent, aPublicAgent, isFull, PlainChat, sized, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { client, useFaultyEngine } from './use.faulty.engine';

const START_DEADLINE_S = 8;
// The shortest a manager takes.
const STOP_GRACE_S = 1;

describe.skipIf(!client)('every transitional state ends', () => {
  const { roost, oracle, docker, cli, containerOf, gone, ...image } = useFaultyEngine('deadlines', {
    START_DEADLINE_SECONDS: String(START_DEADLINE_S),
    STOP_GRACE_SECONDS: String(STOP_GRACE_S),
    AGENT_INACTIVITY_CHECK_INTERVAL: '1',
  });

  const failure = async (id: string) => {
    const begun = performance.now();
    const status = await roost().api.start(id, START_DEADLINE_S + 10);
    return { status, took_s: (performance.now() - begun) / 1_000 };
  };

  it('the image is missing: failed at once, naming the command that builds it', async () => {
    await image.whileImageIsMissing(async () => {
      const { id } = await roost().api.createAgent(anAgent());

      const { status, took_s } = await failure(id);

      expect(status).toMatchObject({
        state: 'failed',
        reason: 'start_failed',
        detail: expect.stringContaining('docker compose build'),
      });
      expect(took_s).toBeLessThan(START_DEADLINE_S / 2);
    });
  });

  it.runIf(isFull)('a runner that never exchanges its code: starting ends with the deadline', async () => {
    await image.whileImageRuns(['sleep', '600'], async () => {
      const { id } = await roost().api.createAgent(anAgent());

      const { status, took_s } = await failure(id);

      expect(status).toMatchObject({ state: 'failed', reason: 'start_failed' });
      expect(status.detail).toContain(`Not ready within ${START_DEADLINE_S} s`);
      expect(took_s).toBeLessThan(START_DEADLINE_S + 3);
    });
  });

  it.runIf(isFull)(
    'a runner that freezes while it initializes: that ends with the deadline, too',
    async () => {
      // It exchanges its code, and says no more.
      const program = `fetch(process.env.CONFIG_URL.replace(/agents.*/, 'internal/instances/exchange'), {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agent_id: process.env.AGENT_ID, instance_id: process.env.INSTANCE_ID,
        code: process.env.EXCHANGE_CODE }) }).then(() => setInterval(() => 0, 1000))`;
      await image.whileImageRuns(['node', '-e', program], async () => {
        const { id } = await roost().api.createAgent(anAgent());
        const starting = failure(id);
        await until('it initializes', async () => (await roost().api.status(id)).state === 'initializing');

        const { status, took_s } = await starting;

        expect(status).toMatchObject({ state: 'failed', reason: 'start_failed' });
        expect(took_s).toBeLessThan(START_DEADLINE_S + 3);
      });
    },
  );

  it('a runner that exits at once: failed long before the deadline, with its exit code', async () => {
    await image.whileImageRuns(['node', '-e', 'process.exit(3)'], async () => {
      const { id } = await roost().api.createAgent(anAgent());

      const { status, took_s } = await failure(id);

      expect(status).toMatchObject({
        state: 'failed',
        reason: 'start_failed',
        detail: expect.stringContaining('exit code 3'),
      });
      expect(took_s).toBeLessThan(START_DEADLINE_S);
    });
  });

  it('a runner that is frozen when it is to stop: killed after the grace period', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.start(id);
    const { Id } = await containerOf(id);
    // The engine's init is the first process of a container; the runner is its child.
    await cli(
      'exec',
      Id,
      'node',
      '-e',
      "process.kill(Number(require('fs').readFileSync('/proc/1/task/1/children', 'utf8').trim().split(' ')[0]), 'SIGSTOP')",
    );
    const begun = performance.now();

    expect(await roost().api.stop(id)).toMatchObject({ state: 'stopping' });
    await until('it is stopped', async () => (await roost().api.status(id)).state === 'stopped', 15_000);

    expect(performance.now() - begun).toBeGreaterThan(STOP_GRACE_S * 900);
    await gone(id);
  });

  it('a runner over its memory: oom_killed within 10 s, tried again with backoff, then crash_loop, and no more', async () => {
    const hog = 'const taken = []; setInterval(() => taken.push(Buffer.alloc(2 ** 23, 1)), 1)';
    await image.whileImageRuns(['node', '--max-old-space-size=4096', '-e', hog], async () => {
      const { id } = await roost().api.createAgent(
        aPublicAgent({ limits: { memory_mb: 96, cpus: 1, pids: 64 } }),
      );
      const begun = performance.now();
      const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
      chat.say('hello?');
      const first = await until('it has failed', async () => {
        const status = await roost().api.status(id);
        return status.state === 'failed' && status;
      });
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(first).toMatchObject({ reason: 'oom_killed' });

      await chat.error('agent_failed', 40_000);

      expect(await roost().api.status(id)).toMatchObject({
        state: 'failed',
        reason: 'crash_loop',
        generation: 3,
        detail: expect.stringContaining('memory limit'),
      });
      expect((await docker().containers.containers(id)).length).toBe(3);
      await chat.close();
    });
  });

  it.runIf(isFull)(
    `a stop for idleness that races a message loses none, ${sized({ short: 4, full: 30 })} times`,
    async () => {
      const agents = await Promise.all(
        Array.from({ length: 2 }, (_, index) =>
          roost().api.createAgent(aPublicAgent({ name: `Racer ${index}`, inactivity_timeout: 1 })),
        ),
      );
      const rounds = sized({ short: 2, full: 15 });
      await Promise.all(
        agents.map(async ({ id }) => {
          const chat = await PlainChat.open(roost().origin, id);
          chat.say('0');
          for (let round = 1; round <= rounds; round += 1) {
            const reply = await chat.nth('message', round, 60_000);
            oracle().expect(reply.message_object.in_reply_to ?? '');
            await chat.waitFor(() => /^stop/.test(chat.ofType('status').at(-1)?.state ?? ''), 30_000);
            chat.say(String(round));
          }
          await chat.nth('message', rounds + 1, 60_000);
          await chat.close();
        }),
      );
    },
  );

  it.runIf(isFull)(
    'a manager that is killed while containers stream: they keep their ids, and nothing is lost',
    async () => {
      const story = Array.from({ length: 30 }, (_, index) => `Sentence ${index}.`).join(' ');
      roost().model.reply(story, { pace: { tokenDelayMs: 40 } });
      const agents = await Promise.all(
        Array.from({ length: sized({ short: 2, full: 6 }) }, (_, index) =>
          roost().api.createAgent(aPublicAgent({ name: `Streaming ${index}` })),
        ),
      );
      // One by one: the start deadline of this file is short for all of them at once on a busy machine.
      for (const { id } of agents) expect(await roost().api.start(id)).toMatchObject({ state: 'running' });
      const chats = await Promise.all(
        agents.map(({ id }) => PlainChat.open(roost().origin, id, { stream: 'tokens' })),
      );
      for (const chat of chats) chat.say('begin');
      const begun = await Promise.all(chats.map((chat) => chat.nth('token', 2, 60_000)));
      oracle().expect(...begun.map(({ message_id }) => message_id));
      const before = await Promise.all(agents.map(async ({ id }) => (await containerOf(id)).Id));

      for (let kill = 1; kill <= sized({ short: 1, full: 5 }); kill += 1) {
        const killed = roost().manager;
        await killed.kill();
        await docker().startAgain(killed);
      }

      const threads = await Promise.all(chats.map((chat) => chat.thread()));
      for (const thread_id of threads) {
        const reply = await until(
          'it is answered',
          async () => (await roost().api.messages(thread_id)).items.find(({ role }) => role === 'assistant'),
          60_000,
        );
        expect(reply.content).toBe(story);
      }
      expect(await Promise.all(agents.map(async ({ id }) => (await containerOf(id)).Id))).toEqual(before);
    },
  );
});
