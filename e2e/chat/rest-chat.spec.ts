import { aPublicAgent, SseReader, until } from '@roost/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('chat over REST', () => {
  const roost = useInstallation();
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
  });

  const stream = (body: object, id = agent) =>
    SseReader.open(`${roost().origin}/agents/${id}/messages`, { method: 'POST', key: roost().api.key, body });

  it('accepts a message with its ids at once, and stores its reply', async () => {
    const { message_id, thread_id } = await roost().api.say(agent, { content: 'hello' });

    const items = await until('the reply is stored', async () => {
      const page = await roost().api.messages(thread_id);
      return page.items.length === 2 && page.items;
    });

    expect(items).toMatchObject([
      { id: message_id, role: 'user', content: 'hello', status: 'done', in_reply_to: null },
      { role: 'assistant', content: 'You said: hello', in_reply_to: message_id },
    ]);
  });

  it('streams one run and ends with its reply when asked for an event stream', async () => {
    roost().model.reply('A streamed answer.', { pace: { tokenDelayMs: 5 } });
    const reader = await stream({ content: 'stream, please' });
    await reader.ended;

    const [accepted] = reader.events;
    const { message_id, thread_id } = accepted?.data as { message_id: string; thread_id: string };

    expect(accepted).toMatchObject({ event: 'accepted' });
    expect(reader.streamedText(message_id)).toBe('A streamed answer.');
    expect(reader.frames.at(-1)).toMatchObject({ type: 'message', content: 'A streamed answer.', thread_id });
    for (const { event, id, data } of reader.events.slice(1))
      expect(data).toMatchObject({ type: event, event_id: id });
  });

  it('streams only the run that was asked for', async () => {
    roost().model.reply(({ text }) => `re: ${text}`, { pace: { tokenDelayMs: 3 } });
    const { thread_id, message_id } = await roost().api.say(agent, { content: 'begin' });
    const [first, second] = await Promise.all([
      stream({ content: 'first', thread_id }),
      stream({ content: 'second', thread_id }),
    ]);
    await Promise.all([first.ended, second.ended]);

    expect(first.ofType('message').map(({ content }) => content)).toEqual(['re: first']);
    expect(second.ofType('message').map(({ content }) => content)).toEqual(['re: second']);
    expect(
      [...first.frames, ...second.frames].filter(
        (frame) => 'message_id' in frame && frame.message_id === message_id,
      ),
    ).toEqual([]);
  });

  it('streams a repeat of a message that was answered long ago to the same end, without asking the model again', async () => {
    const body = { content: 'again', client_message_id: 'rest-1' };
    const first = await stream(body);
    await first.ended;
    const asked = roost().model.requests().length;

    const again = await stream(body);
    await again.ended;

    expect(again.events[0]?.data).toMatchObject(first.events[0]?.data as object);
    expect(again.ofType('message').map((frame) => frame.message_object)).toEqual(
      first.ofType('message').map((frame) => frame.message_object),
    );
    expect(roost().model.requests()).toHaveLength(asked);
  });

  it('goes on with a run whose client went away', async () => {
    roost().model.reply('Nobody listens.', { pace: { tokenDelayMs: 30 } });
    const reader = await stream({ content: 'bye' });
    await reader.nth('token', 1);
    const { thread_id } = reader.events[0]?.data as { thread_id: string };
    reader.close();

    await until(
      'the reply is stored',
      async () => (await roost().api.messages(thread_id)).items.length === 2,
    );
  });

  it('streams the failure of a run as an error, and ends', async () => {
    roost().model.fail({ kind: 'unauthorized' });
    const reader = await stream({ content: 'fail' });
    await reader.ended;

    expect(reader.frames.at(-1)).toMatchObject({ type: 'error', code: 'model_unauthorized' });
  });

  it('answers a repeat with the same Idempotency-Key with the first answer, and refuses the key for another request', async () => {
    const send = (content: string) =>
      roost().api.send({
        method: 'POST',
        path: `/agents/${agent}/messages`,
        body: { content },
        headers: { 'idempotency-key': 'idem-1' },
      });
    const first = await send('idempotent');

    const again = await send('idempotent');

    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await send('different')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    const { thread_id } = first.body as { thread_id: string };
    await until(
      'the reply is stored',
      async () => (await roost().api.messages(thread_id)).items.length === 2,
    );
  });

  it('accepts twenty repeats of one client_message_id that come at once as one message', async () => {
    const body = { content: 'at once', client_message_id: 'rest-2' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => roost().api.say(agent, body)));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const thread_id = answers[0]?.thread_id ?? '';
    await until(
      'the reply is stored',
      async () => (await roost().api.messages(thread_id)).items.length === 2,
    );
    const asked = roost()
      .model.requests()
      .filter(({ messages }) => JSON.stringify(messages).includes('at once'));
    expect(asked).toHaveLength(1);
  });

  it('pages through the messages of a thread, oldest first, without a gap or a repeat', async () => {
    const { thread_id } = await roost().api.say(agent, { content: '0' });
    for (const content of ['1', '2', '3']) await roost().api.say(agent, { content, thread_id });
    await until('all are answered', async () => (await roost().api.messages(thread_id)).items.length === 8);
    const whole = (await roost().api.messages(thread_id)).items.map(({ id }) => id);

    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { items: { id: string }[]; next_cursor: string | null } = await roost().api.call({
        method: 'GET',
        path: `/threads/${thread_id}/messages?limit=3${query}`,
      });
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }

    expect(paged).toEqual(whole);
  });

  it('forgets a deleted thread, and deleting it again is harmless', async () => {
    const { thread_id } = await roost().api.say(agent, { content: 'forget me' });
    await until('it is answered', async () => (await roost().api.messages(thread_id)).items.length === 2);
    const remove = () => roost().api.send({ method: 'DELETE', path: `/threads/${thread_id}` });

    expect(await remove()).toMatchObject({ status: 204 });
    expect(await remove()).toMatchObject({ status: 204 });
    expect(await roost().api.send({ method: 'GET', path: `/threads/${thread_id}` })).toMatchObject({
      status: 404,
    });
  });
});
