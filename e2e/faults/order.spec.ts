import { aPublicAgent, RedisFaults, SocketIoChat, until } from '@roost/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

const BURST = 5;
const OTHERS = 20;

describe('order holds within a thread, threads do not wait for each other', () => {
  const { roost, oracle } = useFaults();
  let redis: RedisFaults | undefined;
  afterAll(() => redis?.close());

  it(`${BURST} messages in 50 ms on one thread beside ${OTHERS} other threads`, async () => {
    roost().model.reply(({ text }) => `You said: ${text}`, {
      pace: { tokenDelayMs: 1, firstTokenDelayMs: 400 },
    });
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const [busy, ...others] = await Promise.all(
      Array.from({ length: OTHERS + 1 }, () => SocketIoChat.open(roost().origin, id)),
    );
    if (!busy) throw new Error('no chat');

    const began = performance.now();
    const burst = Array.from({ length: BURST }, (_, index) => busy.said(`number ${index}`));
    expect(performance.now() - began).toBeLessThan(50);
    const beside = await Promise.all(others.map((chat, index) => chat.said(`beside ${index}`)));
    await Promise.all(others.map((chat, index) => chat.reply(beside[index]?.message_id)));
    const answeredMeanwhile = busy.ofType('message').length;
    const said = await Promise.all(burst);
    oracle().expect(...[...said, ...beside].map(({ message_id }) => message_id));
    await busy.nth('message', BURST);

    expect(busy.ofType('message').map(({ content }) => content)).toEqual(
      Array.from({ length: BURST }, (_, index) => `You said: number ${index}`),
    );
    // Twenty threads of one answer each are done before one thread of five is.
    expect(answeredMeanwhile).toBeLessThan(BURST);
    for (const chat of [busy, ...others]) chat.close();
  });

  it('a message that Redis has lost is answered before the next one of its thread', async () => {
    redis = new RedisFaults(roost());
    roost().model.reply(({ text }) => `You said: ${text}`, {
      pace: { tokenDelayMs: 1, firstTokenDelayMs: 500 },
    });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { thread_id } = await roost().api.say(id, { content: 'zero' });
    await until('it runs', async () => (await roost().api.status(id)).state === 'running', 30_000);
    const first = await roost().api.say(id, { content: 'one', thread_id });
    const second = await roost().api.say(id, { content: 'two', thread_id });
    await redis.restart();

    const third = await roost().api.say(id, { content: 'three', thread_id });

    oracle().expect(...[first, second, third].map(({ message_id }) => message_id));
    const replies = await until(
      'all are answered',
      async () => {
        const { items } = await roost().api.messages(thread_id);
        const said = items.filter(({ role }) => role === 'assistant');
        return said.length === 4 && said;
      },
      60_000,
    );
    expect(replies.map(({ content }) => content)).toEqual(
      ['zero', 'one', 'two', 'three'].map((text) => `You said: ${text}`),
    );
  });

  it('a message whose manager died before it handed it on is answered before the next one of its thread', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await SocketIoChat.open(roost().origin, id);
    const first = await chat.said('one');
    await chat.reply(first.message_id, 30_000);
    // Committed and no more, as by a manager that is killed right then.
    await oracle().ledger.query(
      `INSERT INTO messages (id, thread_id, agent_id, role, content, status, channel, version)
       SELECT 'msg_orphan', thread_id, agent_id, 'user', 'two', 'accepted', channel, version FROM messages WHERE id = $1`,
      [first.message_id],
    );

    const third = await chat.said('three');

    oracle().expect(first.message_id, third.message_id, 'msg_orphan');
    await chat.reply(third.message_id, 30_000);
    expect(chat.ofType('message').map(({ content }) => content)).toEqual(
      ['one', 'two', 'three'].map((text) => `You said: ${text}`),
    );
    chat.close();
  });
});
