import { anAgent, aPublicAgent, SocketIoChat } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('Socket.IO', () => {
  const roost = useInstallation();
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  const open = (options = {}) => SocketIoChat.open(roost().origin, agent, options);

  it('acknowledges a message with its ids once it is committed, then streams tokens and the reply', async () => {
    roost().model.reply('Tokens one after the other.', { pace: { tokenDelayMs: 5 } });
    const chat = await open();

    const { message_id, thread_id } = await chat.said('hello');
    const stored = await roost().api.messages(thread_id);
    const reply = await chat.reply(message_id);

    expect(stored.items[0]).toMatchObject({ id: message_id, role: 'user', content: 'hello' });
    expect(chat.ofType('token').length).toBeGreaterThan(1);
    expect(chat.streamedText(message_id)).toBe('Tokens one after the other.');
    expect(reply).toMatchObject({ content: 'Tokens one after the other.', thread_id });
    expect(chat.ofType('run').map(({ state }) => state)).toEqual(['started', 'completed']);
    expect(chat.ofType('user_message')).toEqual([]);
    chat.close();
  });

  it('shows a second tab the message, the tokens and the reply', async () => {
    roost().model.reply('For both.', { pace: { tokenDelayMs: 5 } });
    const first = await open();
    const { thread_id } = await first.said('begin');
    await first.reply();
    const second = await open({ thread_id });
    await second.waitFor(({ type }) => type === 'status');
    const { message_id } = await first.said('and now?');

    await Promise.all([first.reply(message_id), second.reply(message_id)]);

    expect(second.ofType('user_message')).toMatchObject([
      { content: 'and now?', message_object: { id: message_id } },
    ]);
    expect(second.streamedText(message_id)).toBe('For both.');
    first.close();
    second.close();
  });

  it('gives every frame its place, each later than the one before', async () => {
    const chat = await open();
    const { message_id, thread_id } = await chat.said('where are we?');
    await chat.reply(message_id);

    const placed = chat.frames.filter(({ event_id }) => event_id !== null && event_id !== undefined);
    const logged = placed.filter(({ type }) => type !== 'status').map(({ event_id }) => event_id ?? '');

    expect(new Set(placed.map((frame) => frame.thread_id))).toEqual(new Set([thread_id]));
    expect(new Set(logged.map((id) => id.split('.')[0])).size).toBe(1);
    expect([...logged].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))).toEqual(logged);
    expect(new Set(logged).size).toBe(logged.length);
    chat.close();
  });

  it('answers a repeat of a client_message_id with the same ids and asks the model once', async () => {
    const { key } = roost().api;
    const chat = await open({ key });
    const first = await chat.said('once', { client_message_id: 'io-1' });
    await chat.reply(first.message_id);

    const again = await chat.said('once', { client_message_id: 'io-1' });

    expect(again).toEqual(first);
    expect(roost().model.requests()).toHaveLength(1);
    chat.close();
  });

  it('wakes a sleeping agent and shows its status until the answer', async () => {
    const sleeper = (await roost().api.createAgent(aPublicAgent({ name: 'Sleeper' }))).id;
    const chat = await SocketIoChat.open(roost().origin, sleeper);

    const { message_id } = await chat.said('good morning');
    await chat.reply(message_id);

    expect(chat.ofType('status').map(({ state }) => state)).toEqual([
      'stopped',
      'starting',
      'initializing',
      'running',
    ]);
    chat.close();
  });

  it('refuses a connection that names no agent, saying what to send', async () => {
    await expect(SocketIoChat.open(roost().origin, undefined)).rejects.toThrow(/auth: \{agent_id/);
  });

  it('tells a client without the right credential, closes it, and says the same of an agent that does not exist', async () => {
    const hidden = (await roost().api.createAgent(anAgent())).id;
    const outcomes = await Promise.all(
      [hidden, 'agent_nobody_0000'].map(async (id) => {
        const chat = await SocketIoChat.open(roost().origin, id);
        return { closed: await chat.closed, frames: chat.frames };
      }),
    );

    expect(outcomes[0]).toMatchObject({ closed: { code: 4401 }, frames: [] });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('offers no polling, which would need sticky sessions', async () => {
    const answer = await fetch(`${roost().origin}/socket.io/?EIO=4&transport=polling`);

    expect(answer.status).toBe(400);
  });
});
