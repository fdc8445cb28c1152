import { aPublicAgent, SocketIoChat, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

const story = Array.from({ length: 20 }, (_, index) => `Sentence ${index} of the story.`).join(' ');

describe('one final reply a message', () => {
  const { roost, oracle } = useFaults();

  it('a runner frozen past its replacement, then thawed: its late writes are refused', async () => {
    roost().model.reply(story, { pace: { tokenDelayMs: 10 } });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await SocketIoChat.open(roost().origin, id);
    const { message_id, thread_id } = await chat.said('a story, please');
    oracle().expect(message_id);
    await chat.nth('token', 3);
    const frozen = await roost().runners.of(id);
    process.kill(frozen.pid, 'SIGSTOP');
    // The platform has lost sight of it; the manager goes on without it.
    roost().runners.forget(frozen);
    await chat.reply(message_id, 30_000);
    const heard = chat.frames.length;

    process.kill(frozen.pid, 'SIGCONT');
    await until(
      'the replaced runner gives up',
      () => !roost().runners.pidsOf(id).includes(frozen.pid),
      30_000,
    );

    const late = chat.frames
      .slice(heard)
      .filter((frame) => 'message_id' in frame && frame.message_id === message_id);
    expect(late).toEqual([]);
    expect((await roost().api.messages(thread_id)).items).toMatchObject([
      { id: message_id, status: 'done' },
      { content: story, in_reply_to: message_id },
    ]);
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    chat.close();
  });
});
