import { aPublicAgent, SocketIoChat } from '@roost/testing';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

describe('a message that kills its runner', () => {
  const { roost, oracle } = useFaults({
    env: { RUNNER_ENTRY: join(import.meta.dirname, 'poison-runner.fixture.mjs') },
  });

  it('three times fails visibly and is set aside; what was said beside it and after it is answered', async () => {
    roost().model.reply(({ text }) => `You said: ${text}`, {
      pace: { tokenDelayMs: 1, firstTokenDelayMs: 300 },
    });
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const [poisoner, ...others] = await Promise.all(
      Array.from({ length: 4 }, () => SocketIoChat.open(roost().origin, id)),
    );
    if (!poisoner) throw new Error('no chat');

    const beside = others.map((chat, index) => chat.said(`beside ${index}`));
    const poison = await poisoner.said('POISON');
    const next = await poisoner.said('still there?').catch(() => null);
    const innocent = await Promise.all(beside);
    oracle().expect(poison.message_id, ...innocent.map(({ message_id }) => message_id));

    const error = await poisoner.error('run_lost', 60_000);
    expect(error.message_id).toBe(poison.message_id);
    await Promise.all(others.map((chat, index) => chat.reply(innocent[index]?.message_id, 60_000)));
    // The poison is not part of what the model is told: it was never answered.
    expect(next).not.toBeNull();
    await poisoner.reply(next?.message_id, 60_000);
    const losses = await oracle().ledger.query<{ message_id: string; count: number }>(
      'SELECT message_id, count(*)::int AS count FROM lost_runs GROUP BY message_id ORDER BY count DESC',
    );
    expect(losses[0]).toEqual({ message_id: poison.message_id, count: 3 });
    for (const { count } of losses.slice(1)) expect(count).toBeLessThan(3);
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', reason: null });
    for (const chat of [poisoner, ...others]) chat.close();
  });
});
