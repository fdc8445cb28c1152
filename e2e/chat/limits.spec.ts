import { aPublicAgent, PlainChat, SocketIoChat, SseReader, until } from '@roost/testing';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const BUFFER_BYTES = 64 * 1_024;
const CONNECTIONS_PER_MINUTE = 15;

describe('limits on chat', () => {
  const roost = useInstallation({
    env: {
      TRUST_PROXY: '1',
      CONNECTIONS_MAX: '3',
      CONNECTIONS_PER_MINUTE: String(CONNECTIONS_PER_MINUTE),
      MESSAGES_PER_MINUTE: '20',
      THREAD_MESSAGES_PER_MINUTE: '8',
      SOCKET_BUFFER_BYTES: String(BUFFER_BYTES),
    },
  });
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  const newKey = async () => (await roost().api.createKey('agents:run', 'agents:read')).key;
  const plain = (options = {}) => PlainChat.open(roost().origin, agent, options);
  const socketIo = (options = {}) => SocketIoChat.open(roost().origin, agent, options);
  let hosts = 0;
  /** Every test comes from an address of its own. */
  const newAddress = () => `203.0.113.${(hosts += 1)}`;

  it('hold open at most so many connections of one key: the next is closed with 4429, until one has left', async () => {
    const client = { key: await newKey(), address: newAddress() };
    const open = await Promise.all([plain(client), plain(client), socketIo(client)]);
    await Promise.all(open.map((chat) => chat.waitFor(({ type }) => type === 'status')));

    await expect((await plain(client)).closed).resolves.toMatchObject({ code: 4429 });
    await expect((await socketIo(client)).closed).resolves.toMatchObject({ code: 4429 });

    open[0].cut();
    await until('there is room again', async () => {
      const chat = await plain(client);
      const first = await firstOf(chat);
      chat.cut();
      return first === 'status';
    });
    open[1].cut();
    open[2].close();
  });

  it.each([
    ['without a credential', null, 'status'],
    ['with a wrong one', 'roost_guessed', 4401],
  ])('take at most so many connections a minute of one address %s', async (_what, key, usual) => {
    const client = { key, address: newAddress() };
    const codes: (string | number)[] = [];
    for (let count = 0; count < CONNECTIONS_PER_MINUTE + 1; count += 1) {
      const chat = await plain(client);
      codes.push(await firstOf(chat));
      await chat.close();
    }

    expect(codes).toEqual([...Array.from({ length: CONNECTIONS_PER_MINUTE }, () => usual), 4429]);
    const neighbour = await plain({ address: newAddress() });
    expect(await firstOf(neighbour)).toBe('status');
    await neighbour.close();
  });

  it('take at most so many connections a minute of one key, wherever they come from', async () => {
    const key = await newKey();
    const codes: (string | number)[] = [];
    for (let count = 0; count < CONNECTIONS_PER_MINUTE + 1; count += 1) {
      const chat = await plain({ key, address: newAddress() });
      codes.push(await firstOf(chat));
      await chat.close();
    }

    expect(codes).toEqual([...Array.from({ length: CONNECTIONS_PER_MINUTE }, () => 'status'), 4429]);
  });

  it('take at most so many messages a minute of one key, and tell when to come back; the socket stays', async () => {
    const key = await newKey();
    const client = roost().api.as(key);
    const send = () =>
      client.send({ method: 'POST', path: `/agents/${agent}/messages`, body: { content: 'x' } });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));

    const refused = await send();
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const chat = await plain({ key, address: newAddress() });
    chat.say('one too many');
    await chat.error('too_many_requests');
    expect(chat.socket.readyState).toBe(chat.socket.OPEN);
    await chat.close();
    await expect(
      roost()
        .api.as(await newKey())
        .say(agent, { content: 'another key' }),
    ).resolves.toBeDefined();
  });

  it('take at most so many messages a minute on one thread', async () => {
    const client = roost().api.as(await newKey());
    const { thread_id } = await client.say(agent, { content: 'begin' });
    for (let count = 0; count < 8; count += 1) await client.say(agent, { content: 'x', thread_id });

    const answer = await client.send({
      method: 'POST',
      path: `/agents/${agent}/messages`,
      body: { content: 'one too many', thread_id },
    });

    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  });

  it('cut off a client that does not read when its frames pile up, and keep the others', async () => {
    const flood = 'All work and no play. '.repeat(400_000);
    roost().model.aimock.prependFixture({
      match: { endpoint: 'chat', predicate: ({ messages }) => JSON.stringify(messages).includes('flood') },
      response: { content: flood },
      chunkSize: 50_000,
    });
    const reader = await plain({ key: await newKey(), address: newAddress(), stream: 'tokens' });
    reader.say('begin');
    await reader.reply();
    const thread_id = await reader.thread();
    const { key } = roost().api;
    const lazy = await plain({ key, address: newAddress(), thread_id, stream: 'tokens' });
    await lazy.waitFor(({ type }) => type === 'status');
    const lazyStream = await unreadEvents(`${roost().origin}/threads/${thread_id}/events`, key ?? '');
    lazy.socket.pause();

    reader.say('flood');
    await until('all of it was sent', () => reader.streamedText().endsWith(flood), 60_000);
    lazy.socket.resume();

    // It is told why, unless it does not read that in a second either.
    const { code } = await lazy.closed;
    expect([4408, 1006]).toContain(code);
    expect(lazy.streamedText().length).toBeLessThan(flood.length);
    // A frame shows its beginning; the whole is stored.
    const { message_object } = await reader.nth('message', 2, 60_000);
    expect(message_object.truncated).toBe(true);
    expect(flood.startsWith(message_object.content)).toBe(true);
    expect((await roost().api.messages(thread_id)).items.at(-1)?.content).toBe(flood);
    await expect(text(lazyStream)).rejects.toThrow();
    await reader.close();
  });
});

describe('a manager that is told to end', () => {
  const roost = useInstallation();

  it('closes every socket with 1012, ends streams and exits 0; the next one answers on the same thread', async () => {
    const { api, origin } = roost();
    const agent = (await api.createAgent(aPublicAgent())).id;
    const chats = await Promise.all(Array.from({ length: 5 }, () => PlainChat.open(origin, agent)));
    const io = await SocketIoChat.open(origin, agent);
    const [first] = chats;
    first?.say('hello');
    await first?.reply();
    const thread_id = (await first?.thread()) ?? '';
    const sse = await SseReader.open(`${origin}/threads/${thread_id}/events`, { key: api.key });
    const ending = roost().manager;
    process.kill(ending.child.pid, 'SIGTERM');

    const closed = await Promise.all([...chats, io].map((chat) => chat.closed));

    expect(closed.map(({ code }) => code)).toEqual(Array.from({ length: 6 }, () => 1012));
    await sse.ended;
    await ending.child.exited;
    expect(ending.child.exit).toEqual({ code: 0, signal: null });
    await roost().startAgain(ending);
    const again = await PlainChat.open(origin, agent, { thread_id });
    again.say('still there?');
    await again.reply();
    await again.close();
  });
});

/** What comes first: a status, or the code of the end. */
const firstOf = (chat: PlainChat): Promise<string | number> =>
  Promise.race([
    chat.waitFor(({ type }) => type === 'status').then(({ type }) => type),
    chat.closed.then(({ code }) => code),
  ]);

/** Server-sent events that nobody reads. */
async function unreadEvents(url: string, key: string): Promise<IncomingMessage> {
  const request = get(url, { headers: { authorization: `Bearer ${key}` } });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer.pause();
}
