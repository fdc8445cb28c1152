import { aPublicAgent, PlainChat, signalGroup, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const story = Array.from({ length: 20 }, (_, index) => `Sentence ${index} of the story.`).join(' ');

describe('agents outlive', () => {
  const roost = useInstallation();

  const repliesOn = async (thread_id: string) =>
    (await roost().api.messages(thread_id)).items.filter(({ role }) => role === 'assistant');

  /** An agent that has begun to tell its story to a client. */
  async function storyteller(): Promise<{
    agent: string;
    chat: PlainChat;
    thread_id: string;
    message_id: string;
  }> {
    roost().model.reply(story, { pace: { tokenDelayMs: 8 } });
    const agent = (await roost().api.createAgent(aPublicAgent())).id;
    await roost().api.start(agent);
    const chat = await PlainChat.open(roost().origin, agent, { stream: 'tokens' });
    chat.say('Tell me a story.');
    const { message_id } = await chat.nth('token', 3);
    return { agent, chat, thread_id: await chat.thread(), message_id };
  }

  it('a manager that is killed while they stream: same instance, and the reply is stored once', async () => {
    const { agent, thread_id, message_id, chat } = await storyteller();
    const before = await roost().runners.of(agent);
    const killed = roost().manager;
    await killed.kill();
    await chat.closed;

    await roost().startAgain(killed);
    const after = await PlainChat.open(roost().origin, agent, { thread_id });
    await until('the reply is stored', async () => (await repliesOn(thread_id)).length > 0, 30_000);

    expect(await repliesOn(thread_id)).toMatchObject([{ content: story, in_reply_to: message_id }]);
    expect(await roost().runners.of(agent)).toEqual(before);
    expect(await roost().api.status(agent)).toMatchObject({ state: 'running', generation: 1 });
    expect(roost().model.requests()).toHaveLength(1);
    after.say('And then?');
    await after.waitFor(
      (frame) => frame.type === 'message' && frame.message_object.in_reply_to !== message_id,
    );
    await after.close();
  });

  it('a manager that is killed and comes back with what was said meanwhile, by the cursor', async () => {
    const { agent, thread_id, chat } = await storyteller();
    const { event_id } = await chat.nth('token', 5);
    const seen = chat.ofType('token').slice(0, 5);
    const killed = roost().manager;
    await killed.kill();
    await roost().startAgain(killed);

    const after = await PlainChat.open(roost().origin, agent, { thread_id, last_event_id: event_id ?? '' });
    await after.reply();

    expect(seen.map(({ content }) => content).join('') + after.streamedText()).toBe(story);
    await after.close();
  });

  it('their runner, killed in the middle of an answer: a new instance answers, once', async () => {
    const { agent, chat, thread_id, message_id } = await storyteller();
    const killed = await roost().runners.of(agent);
    signalGroup(killed.pid, 'SIGKILL');

    await expect(chat.reply(message_id, 30_000)).resolves.toMatchObject({ content: story });

    const next = await roost().runners.of(agent);
    expect(next.instance_id).not.toBe(killed.instance_id);
    expect(await roost().api.status(agent)).toMatchObject({ state: 'running', generation: 2 });
    expect(await repliesOn(thread_id)).toHaveLength(1);
    await chat.close();
  });

  it('a runner that is frozen past its replacement, then thawed: its late writes are refused, one reply stands', async () => {
    const { agent, chat, thread_id, message_id } = await storyteller();
    const frozen = await roost().runners.of(agent);
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      // The launcher does not see it any more, as on a platform that lost it: the manager goes on without it.
      roost().runners.forget(frozen);
      await chat.reply(message_id, 30_000);
      expect(await roost().api.status(agent)).toMatchObject({ generation: 2 });
      const heard = chat.frames.length;

      process.kill(frozen.pid, 'SIGCONT');
      await until(
        'the replaced runner gives up',
        () => !roost().runners.pidsOf(agent).includes(frozen.pid),
        30_000,
      );

      chat.say('Another one, please.');
      await chat.nth('message', 2, 30_000);
      expect(await repliesOn(thread_id)).toMatchObject([
        { content: story, in_reply_to: message_id },
        { content: story },
      ]);
      const late = chat.frames
        .slice(heard)
        .filter((frame) => 'message_id' in frame && frame.message_id === message_id);
      expect(late).toEqual([]);
    } finally {
      signalGroup(frozen.pid, 'SIGKILL');
    }
    await chat.close();
  });

  it('Redis, gone and back: what was accepted meanwhile is answered', async () => {
    const { agent, chat, thread_id } = await storyteller();
    await chat.reply();
    process.kill(roost().redis.pid, 'SIGSTOP');
    const accepting = roost().api.send({
      method: 'POST',
      path: `/agents/${agent}/messages`,
      body: { content: 'in the dark', thread_id },
      deadlineMs: 60_000,
    });
    const answer = await accepting.finally(() => process.kill(roost().redis.pid, 'SIGCONT'));

    expect(answer.status).toBe(202);
    await until('it is answered', async () => (await repliesOn(thread_id)).length === 2, 60_000);
    await chat.close();
  });
});

describe('two managers', () => {
  const roost = useInstallation();

  it('asked fifty times at once to start an agent, start one instance and answer every time', async () => {
    const second = await roost().startManager();
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { api } = roost();

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? api : second.api).start(id)),
    );

    for (const answer of answers) expect(answer).toMatchObject({ state: 'running', generation: 1 });
    expect(roost().runners.pidsOf(id)).toHaveLength(1);
    await second.stop();
  });

  it('show a message that came in through the one, its tokens and its reply to a client of the other', async () => {
    const second = await roost().startManager();
    const { id } = await roost().api.createAgent(aPublicAgent());
    const here = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    here.say('hello');
    await here.reply();
    const there = await PlainChat.open(second.origin, id, {
      stream: 'tokens',
      thread_id: await here.thread(),
    });
    await there.waitFor(({ type }) => type === 'status');
    here.say('do you hear me there?');

    const reply = await there.reply();

    expect(reply.content).toBe('You said: do you hear me there?');
    expect(there.ofType('user_message')).toHaveLength(1);
    expect(there.streamedText()).toBe(reply.content);
    await Promise.all([here.close(), there.close()]);
    await second.stop();
  });
});
