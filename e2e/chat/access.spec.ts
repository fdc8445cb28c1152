import { aPublicAgent, anAgent, PlainChat, SocketIoChat, SseReader, until } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const CHAT_ORIGIN = 'https://shop.example';

describe('access to chat', () => {
  const roost = useInstallation({ env: { CHAT_ALLOWED_ORIGINS: `loopback,${CHAT_ORIGIN}` } });
  let hidden = '';
  let open = '';

  beforeAll(async () => {
    const { api } = roost();
    hidden = (await api.createAgent(anAgent())).id;
    open = (await api.createAgent(aPublicAgent())).id;
    await Promise.all([api.start(hidden), api.start(open)]);
  });

  const plain = (agent: string, options = {}) => PlainChat.open(roost().origin, agent, options);
  const socketIo = (agent: string, options = {}) => SocketIoChat.open(roost().origin, agent, options);
  const token = async (user_id: string, agent = hidden) =>
    (await roost().api.createChatToken(agent, { user_id })).token;

  describe('with an API key', () => {
    it('is open to one with the scope agents:run, in the Authorization header or the subprotocol', async () => {
      const { key } = await roost().api.createKey('agents:run');
      const byHeader = await plain(hidden, { key });
      const bySubprotocol = await plain(hidden, { subprotocols: ['roost.v1', `roost.key.${key}`] });
      byHeader.say('one');
      bySubprotocol.say('two');

      await Promise.all([byHeader.reply(), bySubprotocol.reply()]);

      expect(bySubprotocol.socket.protocol).toBe('roost.v1');
      await Promise.all([byHeader.close(), bySubprotocol.close()]);
    });

    it.each(['agents:read', 'agents:write', 'users:assert'] as const)(
      'is closed to one with %s alone',
      async (scope) => {
        const { key } = await roost().api.createKey(scope);

        await expect((await plain(hidden, { key })).closed).resolves.toMatchObject({ code: 4401 });
        await expect((await socketIo(hidden, { key })).closed).resolves.toMatchObject({ code: 4401 });
      },
    );

    it('closes the sockets of a key that is revoked, and of the tokens it made, within a minute', async () => {
      const api = roost().api;
      const key = await api.createKey('agents:run', 'users:assert');
      const made = await api.as(key.key).createChatToken(hidden, { user_id: 'u' });
      const chats = await Promise.all([
        plain(hidden, { key: key.key }),
        socketIo(hidden, { key: key.key }),
        plain(hidden, { subprotocols: ['roost.v1', `roost.key.${made.token}`] }),
      ]);
      await Promise.all(chats.map((chat) => chat.waitFor(({ type }) => type === 'status')));
      const revokedAt = performance.now();
      await api.revokeKey(key.id);

      const closed = await Promise.all(chats.map((chat) => chat.closed));

      expect(closed.map(({ code }) => code)).toEqual([4401, 4401, 4401]);
      expect(performance.now() - revokedAt).toBeLessThan(60_000);
      await until('REST refuses it too', async () => {
        const { status } = await api.as(key.key).send({ method: 'GET', path: '/agents' });
        return status === 401;
      });
    });
  });

  describe('with a chat token', () => {
    it('talks for its user, who is trusted, on Socket.IO, plain WebSocket and REST', async () => {
      const credential = await token('ada');
      const chat = await plain(hidden, { subprotocols: ['roost.v1', `roost.key.${credential}`] });
      chat.say('hello', { user_data: { is_authenticated: true } });
      await chat.reply();
      const thread_id = await chat.thread();
      const tab = await socketIo(hidden, { key: credential, thread_id });
      const { message_id } = await roost()
        .api.as(credential)
        .say(hidden, { thread_id, content: 'and over REST' });

      await Promise.all([tab.reply(message_id), chat.nth('message', 2)]);

      expect(await roost().api.call({ method: 'GET', path: `/threads/${thread_id}` })).toMatchObject({
        user_id: 'ada',
      });
      await chat.close();
      tab.close();
    });

    it('sees the threads of its user and of no other', async () => {
      const [ada, bob] = [await token('ada'), await token('bob')];
      const { thread_id } = await roost().api.as(ada).say(hidden, { content: 'private' });
      const asBob = roost().api.as(bob);

      for (const path of ['', '/messages', '/events']) {
        const answer = await asBob.send({ method: 'GET', path: `/threads/${thread_id}${path}` });
        expect(answer, path).toMatchObject({ status: 404, body: { code: 'thread_not_found' } });
      }
      expect(
        await asBob.send({
          method: 'POST',
          path: `/agents/${hidden}/messages`,
          body: { content: 'x', thread_id },
        }),
      ).toMatchObject({ status: 404 });
      expect(await asBob.send({ method: 'DELETE', path: `/threads/${thread_id}` })).toMatchObject({
        status: 403,
      });
      expect(await asBob.send({ method: 'GET', path: `/agents/${hidden}/threads` })).toMatchObject({
        status: 403,
      });
      const intruder = await plain(hidden, { key: bob, thread_id });
      await expect(intruder.closed).resolves.toMatchObject({ code: 4404 });
      expect(intruder.ofType('error')).toMatchObject([{ code: 'thread_not_found' }]);
      const ioIntruder = await socketIo(hidden, { key: bob, thread_id });
      await expect(ioIntruder.closed).resolves.toMatchObject({ code: 4404 });
    });

    it('is for one agent', async () => {
      const other = (await roost().api.createAgent(anAgent({ name: 'Other' }))).id;
      const credential = await token('ada');

      await expect((await plain(other, { key: credential })).closed).resolves.toMatchObject({ code: 4401 });
      const answer = await roost()
        .api.as(credential)
        .send({ method: 'POST', path: `/agents/${other}/messages`, body: { content: 'x' } });
      expect(answer).toMatchObject({ status: 401 });
    });

    it.each(['tampered', 'alg none', 'of another installation'])('is refused when it is %s', async (kind) => {
      const [head = '', body = '', signature = ''] = (await token('ada')).split('.');
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const forged = {
        tampered: `${head}.${encode({ ...claims, sub: 'root' })}.${signature}`,
        'alg none': `${encode({ alg: 'none' })}.${body}.`,
        'of another installation': `${head}.${body}.${Buffer.alloc(32).toString('base64url')}`,
      }[kind];

      await expect((await plain(hidden, { key: forged })).closed).resolves.toMatchObject({ code: 4401 });
    });
  });

  describe('without a credential', () => {
    it.each(['agent_nobody_0000', 'nobody', 'x'.repeat(64)])(
      'looks the same for a private agent and for %s, which does not exist',
      async (unknown) => {
        const see = async (id: string) => {
          const [chat, io] = await Promise.all([plain(id), socketIo(id)]);
          return { plain: await chat.closed, texts: chat.texts, io: await io.closed, frames: io.frames };
        };

        expect(await see(unknown)).toEqual(await see(hidden));
        expect(await see(hidden)).toMatchObject({
          plain: { code: 4401 },
          texts: [],
          io: { code: 4401 },
          frames: [],
        });
      },
    );

    it('keeps the thread of a private agent closed, and lets a stranger see only threads of strangers', async () => {
      const { thread_id } = await roost().api.say(open, { content: "the operator's" });

      await expect((await plain(open, { thread_id })).closed).resolves.toMatchObject({ code: 4404 });
    });
  });

  it('with a credential that may know, an unknown agent is 4404', async () => {
    const { key } = roost().api;

    await expect((await plain('agent_nobody_0000', { key })).closed).resolves.toMatchObject({ code: 4404 });
    await expect((await socketIo('agent_nobody_0000', { key })).closed).resolves.toMatchObject({
      code: 4404,
    });
  });

  describe('by Origin', () => {
    it.each([
      'https://evil.example',
      'http://127.0.0.1.evil.example',
      'null',
      'file://',
      'https://shop.example.evil.example',
    ])('refuses %s before the upgrade, on both sockets', async (origin) => {
      expect(await PlainChat.refusal(roost().origin, open, { origin })).toMatchObject({
        status: 403,
        body: { code: 'origin_not_allowed' },
      });
      await expect(socketIo(open, { origin })).rejects.toThrow();
      const upgrade = await fetch(`${roost().origin}/socket.io/?EIO=4&transport=websocket`, {
        headers: { origin },
      });
      expect(upgrade.status).toBeGreaterThanOrEqual(400);
    });

    it('says in the log which setting would allow it', async () => {
      await PlainChat.refusal(roost().origin, open, { origin: 'https://evil.example' });

      expect(roost().manager.log()).toMatch(/CHAT_ALLOWED_ORIGINS/);
    });

    it.each(['http://localhost:5173', 'http://127.0.0.1:8080', 'http://[::1]:3000', CHAT_ORIGIN])(
      'lets %s in',
      async (origin) => {
        const [chat, io] = await Promise.all([plain(open, { origin }), socketIo(open, { origin })]);
        await Promise.all([
          chat.waitFor(({ type }) => type === 'status'),
          io.waitFor(({ type }) => type === 'status'),
        ]);
        await chat.close();
        io.close();
      },
    );
  });

  it.each(['key', 'api_key', 'token', 'access_token', 'authorization'])(
    'refuses a credential in the query as %s before the upgrade, on both sockets',
    async (name) => {
      const query = { [name]: roost().api.key ?? '' };

      expect(await PlainChat.refusal(roost().origin, open, { query })).toMatchObject({
        status: 400,
        body: { code: 'credential_in_query' },
      });
      await expect(socketIo(open, { query })).rejects.toThrow();
    },
  );

  it('refuses upgrades of every other path', async () => {
    const { WebSocket } = await import('ws');
    for (const path of ['/', '/ws', '/ws/agents/', '/ws/agents/a/b', '/agents', '/internal/x']) {
      const socket = new WebSocket(roost().origin.replace('http', 'ws') + path);
      const status = await new Promise<number>((resolve, reject) => {
        socket.once('open', () => reject(new Error(`${path} was accepted`)));
        socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode ?? 0));
        socket.on('error', () => undefined);
      });
      expect(status, path).toBe(404);
    }
  });

  it('is granted to a chat token on server-sent events', async () => {
    const credential = await token('ada');
    const { thread_id } = await roost().api.as(credential).say(hidden, { content: 'first' });
    const reader = await SseReader.open(`${roost().origin}/threads/${thread_id}/events`, { key: credential });
    const { message_id } = await roost().api.as(credential).say(hidden, { content: 'second', thread_id });

    await reader.reply(message_id);

    reader.close();
  });
});
