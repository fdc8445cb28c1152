import type { MessageDto } from '@roost/contracts/rest';
import { aPublicAgent, PlainChat, SocketIoChat, SseReader, until } from '@roost/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { useInstallation } from '../use.installation';

const words = Array.from({ length: 400 }, (_, word) => `word${word}`).join(' ');
const slowly = { pace: { tokenDelayMs: 20 } };

describe('a message while the agent is busy', () => {
  const roost = useInstallation();

  const anAgent = async (overrides: object = {}): Promise<string> => {
    const { id } = await roost().api.createAgent(aPublicAgent(overrides));
    await roost().api.start(id);
    return id;
  };
  const execute = async (sql: string, ...values: string[]): Promise<void> => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    await client.query(sql, values);
    await client.end();
  };
  const transcript = async (thread_id: string): Promise<MessageDto[]> =>
    (await roost().api.messages(thread_id)).items;
  const untilEnded = (thread_id: string, within_ms = 20_000): Promise<MessageDto[]> =>
    until(
      'nothing is owed',
      async () => {
        const items = await transcript(thread_id);
        return items.every(({ status }) => status !== 'accepted') && items;
      },
      within_ms,
    );
  const cancel = (thread_id: string) =>
    roost().api.call<{ message_ids: string[] }>({ method: 'POST', path: `/threads/${thread_id}/cancel` });
  const listen = async (agent: string, thread_id?: string): Promise<PlainChat> => {
    const chat = await PlainChat.open(roost().origin, agent, {
      key: roost().api.key,
      stream: 'tokens',
      thread_id,
    });
    onTestFinished(() => chat.cut());
    return chat;
  };
  /** A run that has said something, heard by a client of the plain socket. */
  const speaking = async (agent: string): Promise<{ chat: PlainChat; thread_id: string }> => {
    roost().model.reply(words, { ...slowly, to: 'slow' });
    const chat = await listen(agent);
    chat.say('slow');
    await chat.nth('token', 3);
    return { chat, thread_id: await chat.thread() };
  };
  /** What the model was shown last, without the system prompt. */
  const shown = () =>
    roost()
      .model.requests()
      .at(-1)
      ?.messages.slice(1)
      .map(({ role, content }) => `${role}: ${content as string}`);

  it.each(['REST', 'the plain socket', 'Socket.IO'])(
    'is cancelled over %s within a second; what was said is kept and shown to the model next',
    async (channel) => {
      const agent = await anAgent();
      const { chat, thread_id } = await speaking(agent);
      const other = await SocketIoChat.open(roost().origin, agent, { key: roost().api.key, thread_id });
      onTestFinished(() => other.close());
      const asked = performance.now();
      if (channel === 'REST') expect((await cancel(thread_id)).message_ids).toHaveLength(1);
      else if (channel === 'Socket.IO') {
        const acknowledged = (await other.socket.emitWithAck('cancel', {})) as { message_ids: string[] };
        expect(acknowledged.message_ids).toHaveLength(1);
      } else chat.sendRaw(JSON.stringify({ type: 'cancel' }));
      const reply = await chat.reply(undefined, 5_000);
      expect(performance.now() - asked).toBeLessThan(1_500);

      expect(reply.message_object).toMatchObject({ interrupted: true });
      expect(reply.content).toBe(chat.streamedText());
      expect(words.startsWith(reply.content)).toBe(true);
      expect((await other.reply()).message_object).toEqual(reply.message_object);
      expect(await untilEnded(thread_id)).toMatchObject([
        { status: 'done' },
        { content: reply.content, interrupted: true },
      ]);
      expect((await cancel(thread_id)).message_ids).toEqual([]);

      chat.say('go on');
      await chat.nth('message', 2);
      expect(shown()).toEqual(['user: slow', `assistant: ${reply.content}`, 'user: go on']);
    },
  );

  it('is cancelled while it waits behind another', async () => {
    const agent = await anAgent();
    const { chat, thread_id } = await speaking(agent);
    const second = await roost().api.say(agent, { content: 'second', thread_id });
    expect((await cancel(thread_id)).message_ids.at(-1)).toBe(second.message_id);
    const error = await chat.error('run_cancelled', 3_000);
    expect(error.message_id).toBe(second.message_id);
    expect(await untilEnded(thread_id)).toMatchObject([
      { status: 'done' },
      { status: 'failed', error_code: 'run_cancelled' },
      { interrupted: true },
    ]);
    expect(roost().model.requests()).toHaveLength(1);
  });

  it('is cancelled although its runner does not move, and nothing follows its end when that goes on', async () => {
    const agent = await anAgent();
    const { chat, thread_id } = await speaking(agent);
    const { pid } = await roost().runners.of(agent);
    process.kill(-pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(-pid, 'SIGCONT'));
    const asked = performance.now();
    await cancel(thread_id);
    const reply = await chat.reply(undefined, 5_000);
    expect(performance.now() - asked).toBeLessThan(2_000);
    process.kill(-pid, 'SIGCONT');

    chat.say('next');
    await chat.nth('message', 2);
    expect(reply).toMatchObject({ message_object: { interrupted: true } });
    const ended = chat.frames.indexOf(reply);
    const in_reply_to = reply.message_object.in_reply_to ?? '';
    expect(reply.content).toBe(chat.streamedText(in_reply_to));
    const late = chat.frames
      .slice(ended + 1)
      .filter((f) => 'message_id' in f && f.message_id === in_reply_to);
    expect(late).toEqual([]);
    expect(await untilEnded(thread_id)).toHaveLength(4);
    expect(shown()).toEqual(['user: slow', `assistant: ${reply.content}`, 'user: next']);
  });

  it('is cancelled while its agent sleeps and cannot wake', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await execute("UPDATE agents SET wake_not_before = now() + interval '1 hour' WHERE id = $1", id);
    const { thread_id, message_id } = await roost().api.say(id, { content: 'wake up' });
    expect((await cancel(thread_id)).message_ids).toEqual([message_id]);
    expect(await untilEnded(thread_id, 3_000)).toMatchObject([{ error_code: 'run_cancelled' }]);
  });

  it('has exactly one end when a cancel and the end of its run meet', async () => {
    const agent = await anAgent();
    roost().model.reply('A short answer of some words.', { pace: { tokenDelayMs: 4 } });
    const chat = await listen(agent);
    const ends: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      chat.say(`question ${round}`);
      // Before the run, during it, and around its end.
      await delay(round * 1.5);
      chat.sendRaw(JSON.stringify({ type: 'cancel' }));
      const heard = () => [...chat.ofType('message'), ...chat.ofType('error')].length;
      await chat.waitFor(() => heard() > round, 10_000);
    }
    const thread_id = await chat.thread();
    const items = await untilEnded(thread_id);
    const questions = items.filter(({ role }) => role === 'user');
    expect(questions).toHaveLength(50);
    for (const question of questions) {
      const replies = items.filter(({ in_reply_to }) => in_reply_to === question.id);
      const heard = [
        ...chat.ofType('message').filter((f) => f.message_object.in_reply_to === question.id),
        ...chat.ofType('error').filter((f) => f.message_id === question.id),
      ];
      expect(heard).toHaveLength(1);
      expect(replies).toHaveLength(question.status === 'done' ? 1 : 0);
      const [reply] = replies;
      ends.push(reply === undefined ? 'failed' : reply.interrupted ? 'interrupted' : 'whole');
      if (reply?.interrupted) expect(reply.content).toBe(chat.streamedText(question.id));
    }
    expect(new Set(ends).size).toBeGreaterThan(1);
  });

  it('is refused by an agent that rejects, on every channel, until the answer is there', async () => {
    const agent = await anAgent({ on_busy: 'reject' });
    const { chat, thread_id } = await speaking(agent);
    const refused = await roost().api.send({
      method: 'POST',
      path: `/agents/${agent}/messages`,
      body: { content: 'and?', thread_id },
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'thread_busy' } });
    chat.say('and?');
    await chat.error('thread_busy');
    const socket = await SocketIoChat.open(roost().origin, agent, { key: roost().api.key, thread_id });
    onTestFinished(() => socket.close());
    expect(await socket.say('and?')).toMatchObject({ error: { code: 'thread_busy' } });
    expect(await transcript(thread_id)).toHaveLength(1);
    await cancel(thread_id);
    await chat.reply();
    chat.say('and now?');
    await chat.nth('message', 2);
  });

  it('interrupts the run before it where the agent is told so, and that is kept', async () => {
    const agent = await anAgent({ on_busy: 'interrupt' });
    const { chat, thread_id } = await speaking(agent);
    chat.say('no, this');
    const [first, second] = [await chat.nth('message', 1), await chat.nth('message', 2)];
    expect(first).toMatchObject({ message_object: { interrupted: true } });
    expect(second).toMatchObject({ content: 'You said: no, this' });
    expect(shown()).toEqual(['user: slow', `assistant: ${first.content}`, 'user: no, this']);
    expect(await untilEnded(thread_id)).toHaveLength(4);
  });

  it('is joined with the others that come within the pause where the agent collects, and they get one reply', async () => {
    const agent = await anAgent({ on_busy: 'collect', collect_pause_ms: 400 });
    const chat = await listen(agent);
    for (const text of ['I have', 'a question', 'about bread']) chat.say(text);
    const reply = await chat.reply();
    const items = await untilEnded(reply.thread_id ?? '');
    const [one, two, three] = items.map(({ id }) => id);
    expect(items).toMatchObject([
      { status: 'done', joined_into: three },
      { status: 'done', joined_into: three },
      { status: 'done', joined_into: null },
      { content: 'You said: about bread', in_reply_to: three },
    ]);
    expect(reply.message_object.joined_message_ids).toEqual([one, two]);
    expect(shown()).toEqual(['user: I have', 'user: a question', 'user: about bread']);
    expect(roost().model.requests()).toHaveLength(1);
  });

  it('ends the event stream of a message that was joined with the reply to all, and that of a repeat', async () => {
    const agent = await anAgent({ on_busy: 'collect', collect_pause_ms: 400 });
    const stream = (body: object) =>
      SseReader.open(`${roost().origin}/agents/${agent}/messages`, {
        method: 'POST',
        key: roost().api.key,
        body,
      });
    const first = await stream({ content: 'one', client_message_id: 'sse-1' });
    const { thread_id } = await until(
      'it is accepted',
      () => first.events[0]?.data as { thread_id: string } | undefined,
    );
    await roost().api.say(agent, { content: 'two', thread_id });
    await first.ended;
    expect(first.frames.at(-1)).toMatchObject({ type: 'message', content: 'You said: two' });
    const again = await stream({ content: 'one', client_message_id: 'sse-1' });
    await again.ended;
    expect(again.frames.at(-1)).toMatchObject({ type: 'message', content: 'You said: two' });
  });

  it('is neither lost nor answered twice when its runner dies with a collection', async () => {
    const agent = await anAgent({ on_busy: 'collect', collect_pause_ms: 300 });
    roost().model.reply(({ history }) => `re: ${history.join(', ')}`, { pace: { tokenDelayMs: 30 } });
    const chat = await listen(agent);
    for (const text of ['one', 'two']) chat.say(text);
    await chat.nth('token', 1);
    chat.say('three');
    process.kill(-(await roost().runners.of(agent)).pid, 'SIGKILL');
    const thread_id = await chat.thread();
    await chat.reply();
    const items = await untilEnded(thread_id, 30_000);
    const users = items.filter(({ role }) => role === 'user');
    expect(users.map(({ content, status }) => [content, status])).toEqual(
      ['one', 'two', 'three'].map((content) => [content, 'done']),
    );
    const answered = items.filter(({ role }) => role === 'assistant').map(({ in_reply_to }) => in_reply_to);
    const last = users.filter(({ joined_into }) => joined_into === null).map(({ id }) => id);
    expect(answered).toEqual(last);
  });
});
