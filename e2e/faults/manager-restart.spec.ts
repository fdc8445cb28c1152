import { aPublicAgent, crowd, PlainChat, seededRandom, sized, SocketIoChat, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { createAgents } from './population';
import { useFaults } from './use.faults';

const story = Array.from({ length: 60 }, (_, index) => `Sentence ${index} of the story.`).join(' ');

describe('a manager restart keeps agents', () => {
  const { roost, oracle } = useFaults();
  const { kills, agents } = sized({ short: { kills: 2, agents: 5 }, full: { kills: 20, agents: 20 } });

  it(`the manager is killed ${kills} times while ${agents} agents stream: the same instances, nothing lost`, async () => {
    roost().model.reply(story, { pace: { tokenDelayMs: 15 } });
    const ids = await createAgents(roost(), agents);
    await Promise.all(ids.map((id) => roost().api.start(id)));
    const before = await Promise.all(ids.map((id) => roost().runners.of(id)));

    for (let kill = 1; kill <= kills; kill += 1) {
      const asked = await Promise.all(ids.map((id) => roost().api.say(id, { content: `story ${kill}` })));
      oracle().expect(...asked.map(({ message_id }) => message_id));
      await roost().model.waitForRequests(Math.min(1_000, kill * agents), 60_000);
      const victim = roost().manager;
      await victim.kill();
      await roost().startAgain(victim);
      console.log(`manager killed ${kill} of ${kills}`);
    }
    await oracle().verdict();

    expect(await Promise.all(ids.map((id) => roost().runners.of(id)))).toEqual(before);
    const answers = await oracle().ledger.query<{ content: string }>(
      `SELECT content FROM messages WHERE role = 'assistant'`,
    );
    expect(answers).toHaveLength(kills * agents);
    for (const { content } of answers) expect(content).toBe(story);
    await Promise.all(ids.map((id) => roost().api.stop(id)));
  });
});

describe('several managers', () => {
  const { roost, oracle } = useFaults();

  it('a client of either hears every event of its thread, whichever accepted the message', async () => {
    const [first, second] = [roost().manager, await roost().startManager()];
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { thread_id } = await first.api.say(id, { content: 'begin' });
    const { key } = roost().api;
    const listeners = await Promise.all(
      [first, second].map(({ origin }) => PlainChat.open(origin, id, { thread_id, key, stream: 'tokens' })),
    );
    await Promise.all(listeners.map((chat) => chat.waitFor(({ type }) => type === 'status')));

    for (const { api } of [first, second, first]) {
      const { message_id } = await api.say(id, { content: `said at ${api.origin}`, thread_id });
      oracle().expect(message_id);
      const replies = await Promise.all(listeners.map((chat) => chat.reply(message_id)));
      for (const chat of listeners) expect(chat.streamedText(message_id)).toBe(replies[0]?.content);
    }
    const [here, there] = listeners.map((chat) =>
      chat.frames.filter(({ event_id, type }) => event_id !== null && type !== 'status'),
    );
    expect(here?.slice(-12)).toEqual(there?.slice(-12));
    await Promise.all(listeners.map((chat) => chat.close()));
    await second.stop();
  });

  it('restarted one after the other under traffic: no message lost, no run dropped, clients are told 1012', async () => {
    const { threads, messages } = sized({
      short: { threads: 2, messages: 3 },
      full: { threads: 4, messages: 20 },
    });
    const random = seededRandom('rolling restart');
    const started = [...roost().livingManagers, await roost().startManager()];
    roost().model.reply(({ text }) => `You said: ${text}`, { pace: { tokenDelayMs: 30 } });
    const ids = await createAgents(roost(), 4);
    await Promise.all(ids.map((id) => roost().api.start(id)));
    const before = await Promise.all(ids.map((id) => roost().runners.of(id)));

    const traffic = crowd(roost(), {
      agents: ids,
      threads,
      messages,
      random,
      pauseMs: 1_500,
      onAccepted: (message_id) => oracle().expect(message_id),
    });
    for (const manager of started) {
      const watching = await Promise.all(
        ids.map((id, index) =>
          index % 2
            ? PlainChat.open(manager.origin, id, { key: roost().api.key })
            : SocketIoChat.open(manager.origin, id, { key: roost().api.key }),
        ),
      );
      // Admitted: who is not yet hears nothing of a close.
      await Promise.all(watching.map((chat) => chat.waitFor(({ type }) => type === 'status')));
      await manager.stop();
      expect(manager.child.exit).toMatchObject({ code: 0 });
      for (const chat of watching) expect(await chat.closed).toMatchObject({ code: 1012 });
      await roost().startAgain(manager);
    }
    const { accepted } = await traffic;
    expect(new Set(accepted).size).toBe(ids.length * threads * messages);
    await oracle().verdict();

    expect(await Promise.all(ids.map((id) => roost().runners.of(id)))).toEqual(before);
    const failed = await oracle().ledger.query(`SELECT id, error_code FROM messages WHERE status = 'failed'`);
    expect(failed).toEqual([]);
    await until('each message was run once', () =>
      runsOf(roost().model.requests()).every((count) => count === 1),
    );
  });
});

/** How often the model was asked for each message. */
function runsOf(requests: { messages: { content?: unknown }[] }[]): number[] {
  const asked = requests.map(({ messages }) => JSON.stringify(messages));
  const counts = new Map<string, number>();
  for (const prompt of asked) counts.set(prompt, (counts.get(prompt) ?? 0) + 1);
  return [...counts.values()];
}
