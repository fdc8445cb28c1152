import { anAgent, aPublicAgent, PlainChat } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('plain WebSocket', () => {
  const roost = useInstallation();
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  const open = (options = {}) => PlainChat.open(roost().origin, agent, options);

  it('shows a client that asked for no more only message, status and error, each with a text as content', async () => {
    roost().model.reply('It is a quarter to three.', { pace: { tokenDelayMs: 5 } });
    const chat = await open();
    chat.say('What time is it?');

    const reply = await chat.reply();
    chat.sendRaw('not JSON');
    await chat.error('malformed_frame');

    expect(new Set(chat.frames.map(({ type }) => type))).toEqual(new Set(['status', 'message', 'error']));
    for (const frame of chat.frames) expect(frame.content).toEqual(expect.any(String));
    expect(reply).toMatchObject({
      content: 'It is a quarter to three.',
      message_object: {
        id: expect.stringMatching(/^msg_/),
        role: 'assistant',
        content: 'It is a quarter to three.',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        in_reply_to: expect.stringMatching(/^msg_/),
      },
    });
    await chat.close();
  });

  it('begins with one status, whose message and content are the same', async () => {
    const chat = await open();

    const status = await chat.waitFor(({ type }) => type === 'status');

    expect(status).toMatchObject({ state: 'running', code: 'agent_running', agent_id: agent });
    expect(status).toHaveProperty('message', status.content);
    await chat.close();
  });

  it('does not echo a message to its sender, and shows it with the tokens of the answer to the other tab', async () => {
    roost().model.reply('One answer for two tabs.', { pace: { tokenDelayMs: 5 } });
    const sender = await open({ stream: 'tokens' });
    sender.say('first');
    await sender.reply();
    const other = await open({ stream: 'tokens', thread_id: await sender.thread() });
    await other.waitFor(({ type }) => type === 'status');
    sender.say('second');

    const replies = await Promise.all([sender.nth('message', 2), other.reply()]);

    expect(sender.ofType('user_message')).toEqual([]);
    expect(other.ofType('user_message')).toMatchObject([{ content: 'second' }]);
    expect(other.streamedText()).toBe('One answer for two tabs.');
    expect(replies[0]).toEqual(replies[1]);
    await Promise.all([sender.close(), other.close()]);
  });

  it('answers the messages of one thread in their order, although they came all at once', async () => {
    roost().model.reply(({ text }) => `answer to ${text}`);
    const chat = await open();
    const sent = ['one', 'two', 'three', 'four', 'five'];
    for (const content of sent) chat.say(content);

    await chat.nth('message', sent.length);

    expect(chat.ofType('message').map(({ content }) => content)).toEqual(
      sent.map((text) => `answer to ${text}`),
    );
    const { items } = await roost().api.messages(await chat.thread());
    expect(items.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(sent);
    await chat.close();
  });

  it('remembers the thread', async () => {
    roost().model.reply(({ history }) => `heard ${history.join(', ')}`);
    const chat = await open();
    chat.say('apples');
    await chat.reply();
    chat.say('pears');

    await expect(chat.nth('message', 2)).resolves.toMatchObject({ content: 'heard apples, pears' });
    await chat.close();
  });

  it('binds a connection to its thread', async () => {
    const chat = await open();
    chat.say('mine');
    await chat.reply();
    chat.say('elsewhere', { thread_id: 'thr_0000000000000000000000' });

    await chat.error('thread_mismatch');

    chat.say('mine again');
    await chat.nth('message', 2);
    await chat.close();
  });

  it('does not wake an agent by connecting, wakes it by a message, and says so until the answer', async () => {
    const { api, origin } = roost();
    const sleeper = (await api.createAgent(aPublicAgent({ name: 'Sleeper' }))).id;
    const chat = await PlainChat.open(origin, sleeper);
    await chat.waitFor(({ type }) => type === 'status');
    expect(await api.status(sleeper)).toMatchObject({ state: 'stopped', generation: 0 });

    chat.say('wake up');
    await chat.reply();

    const states = chat.ofType('status').map(({ state }) => state);
    expect(states[0]).toBe('stopped');
    expect(states.slice(1)).toEqual(['starting', 'initializing', 'running']);
    expect(chat.frames.at(-1)?.type).toBe('message');
    await chat.close();
  });

  it('gives a repeat of a client_message_id the same answer, and asks the model once', async () => {
    const sender = await open({ key: roost().manager.api.key });
    sender.say('only once', { client_message_id: 'c-1' });
    const reply = await sender.reply();
    const thread = await sender.thread();
    sender.say('only once', { client_message_id: 'c-1' });
    sender.say('something else', { client_message_id: 'c-1' });
    await sender.error('client_message_id_reused');

    const again = await roost().api.say(agent, { content: 'only once', client_message_id: 'c-1' });

    expect(again).toEqual({ message_id: reply.message_object.in_reply_to, thread_id: thread });
    expect(roost().model.requests()).toHaveLength(1);
    expect((await roost().api.messages(thread)).items).toHaveLength(2);
    await sender.close();
  });

  it('keeps what a stranger says of himself as a claim', async () => {
    const chat = await open();
    chat.say('I am somebody', { user_data: { is_authenticated: true }, channel: 'telegram' });
    await chat.reply();

    const thread = await roost().api.call({ method: 'GET', path: `/threads/${await chat.thread()}` });

    expect(thread).toMatchObject({ user_id: null, channel: 'web' });
    await chat.close();
  });

  it('refuses messages of a disabled agent with the reason', async () => {
    const { api, origin } = roost();
    const disabled = (await api.createAgent(aPublicAgent({ name: 'Off', enabled: false }))).id;
    const chat = await PlainChat.open(origin, disabled);
    chat.say('hello?');

    await chat.error('agent_disabled');

    await chat.close();
  });

  it('lets threads go on side by side', async () => {
    roost().model.reply('slow', { to: 'slow', pace: { tokenDelayMs: 0, firstTokenDelayMs: 3_000 } });
    const [slow, quick] = await Promise.all([open({ stream: 'tokens' }), open()]);
    slow.say('slow');
    await slow.waitFor(({ type }) => type === 'run');
    quick.say('quick');

    await quick.reply();

    expect(slow.ofType('message')).toEqual([]);
    await slow.reply();
    await Promise.all([slow.close(), quick.close()]);
  });

  it('does not open a private agent to strangers', async () => {
    const hidden = (await roost().api.createAgent(anAgent())).id;
    const chat = await PlainChat.open(roost().origin, hidden);

    await expect(chat.closed).resolves.toMatchObject({ code: 4401 });
    expect(chat.frames).toEqual([]);
  });
});
