import type { AcceptedMessageDto } from '@roost/contracts/rest';
import {
  aPublicAgent,
  isFull,
  PlainChat,
  RestartablePostgres,
  sized,
  statements,
  until,
} from '@roost/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { useFaultyServers } from './use.faulty.servers';

/** An answer, however late, comes within this: the pool's wait, and a statement's. */
const BOUND_MS = 25_000;

describe('PostgreSQL', () => {
  const { roost, oracle, postgres } = useFaultyServers({ env: { DATABASE_POOL_SIZE: '4' } });

  const running = async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    return id;
  };
  const post = (agent: string, body: object) =>
    roost().api.send({ method: 'POST', path: `/agents/${agent}/messages`, body, deadlineMs: BOUND_MS * 2 });
  const conversation = async (thread_id: string) =>
    (await roost().api.messages(thread_id)).items.map(({ role, content }) => `${role}: ${content}`);

  it(`answers of the accept statement are lost: a repeat gives the same ids, one message, one reply`, async () => {
    const agent = await running();
    for (let round = 1; round <= sized({ short: 1, full: 10 }); round += 1) {
      const rule = postgres().on(statements.accept, { kind: 'lose_answer' }, 1);
      const body = { content: `round ${round}`, client_message_id: randomUUID() };

      const unknown = await post(agent, body);
      const repeats = [await post(agent, body), await post(agent, body)];

      expect(rule.hits).toBe(1);
      expect(unknown).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
      const [first, second] = repeats.map((answer) => answer.body as AcceptedMessageDto);
      expect(repeats.map(({ status }) => status)).toEqual([202, 202]);
      expect(first).toMatchObject({ message_id: second?.message_id, thread_id: second?.thread_id });
      oracle().expect(first?.message_id ?? '');
      const { thread_id = '' } = first ?? {};
      await until('it is answered', async () => (await conversation(thread_id)).length > 1, 30_000);
      expect(await conversation(thread_id)).toEqual([
        `user: round ${round}`,
        `assistant: You said: round ${round}`,
      ]);
    }
  });

  it('the answer to the commit of a reply is lost: it is shown all the same, and stored once', async () => {
    const agent = await running();
    const chat = await PlainChat.open(roost().origin, agent, { stream: 'tokens' });
    const rule = postgres().on(statements.commitReply, { kind: 'lose_answer' }, 1);
    chat.say('hello');

    // Long before the report would seem abandoned.
    await chat.reply(undefined, 15_000);

    expect(rule.hits).toBe(1);
    expect(await conversation(await chat.thread())).toEqual(['user: hello', 'assistant: You said: hello']);
    await chat.close();
  });

  it.runIf(isFull)('a start whose commit is unknown: one runner in the end', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const rule = postgres().on(statements.commit, { kind: 'lose_answer' }, 1);

    await roost().api.send({ method: 'POST', path: `/agents/${id}/start` });
    await until('it runs', async () => (await roost().api.start(id)).state === 'running', 60_000);

    expect(rule.hits).toBe(1);
    expect(roost().runners.pidsOf(id)).toHaveLength(1);
  });

  it.runIf(isFull)(
    'is a black hole: requests end in 503 in bounded time, and what was accepted is answered after it',
    async () => {
      const agent = await running();
      const chat = await PlainChat.open(roost().origin, agent, { stream: 'tokens' });
      chat.say('before');
      await chat.reply();
      const thread_id = await chat.thread();
      postgres().freeze();
      const begun = performance.now();
      const ids = Array.from({ length: 10 }, () => randomUUID());

      const during = await Promise.all([
        ...ids.map((client_message_id) =>
          post(agent, { content: client_message_id, client_message_id, thread_id }),
        ),
        roost().api.send({ method: 'GET', path: `/agents/${agent}/status`, deadlineMs: BOUND_MS * 2 }),
      ]);

      expect(performance.now() - begun).toBeLessThan(BOUND_MS);
      for (const { status, body } of during)
        expect([status, (body as { code?: string }).code]).toEqual([503, 'dependency_unavailable']);
      expect((await fetch(`${roost().origin}/livez`)).status).toBe(200);
      expect((await fetch(`${roost().origin}/readyz`)).status).toBe(503);

      postgres().thaw();
      for (const client_message_id of ids) {
        const repeated = await until(
          'it is accepted',
          async () => {
            const answer = await post(agent, { content: client_message_id, client_message_id, thread_id });
            return answer.status === 202 && (answer.body as AcceptedMessageDto);
          },
          60_000,
        );
        oracle().expect(repeated.message_id);
      }
      await until('all are answered', async () => (await conversation(thread_id)).length === 22, 60_000);
      await chat.close();
    },
  );
});

describe.runIf(isFull)('PostgreSQL of its own', () => {
  let server: RestartablePostgres | undefined;
  const { roost, oracle } = useFaultyServers({
    servers: async () => {
      server = await RestartablePostgres.start();
      return { database: server.database };
    },
  });
  afterAll(() => server?.stop());

  it('crashes and comes back under traffic: every message that was accepted is answered, once', async () => {
    const crashes = sized({ short: 1, full: 5 });
    const agents = await Promise.all([1, 2].map(() => roost().api.createAgent(aPublicAgent())));
    await Promise.all(agents.map(({ id }) => roost().api.start(id)));
    let over = false;
    const accepted: string[] = [];
    const traffic = agents.map(async ({ id }) => {
      while (!over) {
        const { status, body } = await roost()
          .api.send({ method: 'POST', path: `/agents/${id}/messages`, body: { content: 'hello' } })
          .catch(() => ({ status: 0, body: {} }));
        if (status === 202) accepted.push((body as AcceptedMessageDto).message_id);
        else expect([0, 503]).toContain(status);
      }
    });

    for (let crash = 1; crash <= crashes; crash += 1) {
      const before = accepted.length;
      await until('messages are accepted', () => accepted.length > before + 10, 60_000);
      await server?.crash();
    }
    const before = accepted.length;
    await until('messages are accepted again', () => accepted.length > before + 10, 60_000);
    over = true;
    await Promise.all(traffic);

    oracle().expect(...accepted);
  });
});
