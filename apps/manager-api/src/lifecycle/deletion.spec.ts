import { keys } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { PlainChat, redisCli, SseReader } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointsRepository } from '../checkpoints/checkpoints.repository';
import { InboxService } from './inbox.service';
import { ManagerHarness } from '../test/manager.harness';

describe('a deletion', () => {
  let manager: ManagerHarness;
  let origin: string;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
    origin = `http://127.0.0.1:${manager.manager.public_port}`;
  });
  afterAll(() => manager.stop());

  const keysOf = async (agent_id: string) =>
    (await redisCli(manager.redis_url, 'KEYS', `roost:agent:${agent_id}:*`)).trim();
  const say = async (agent_id: string) =>
    (await manager.call('POST', `/agents/${agent_id}/messages`, { content: 'hello' })).body as {
      message_id: string;
      thread_id: string;
    };

  it('of an agent leaves nothing of it in Redis', async () => {
    const id = await manager.agent();
    await say(id);
    await say(id);
    const runner = await manager.runner(id);
    await runner.report(await runner.next(), 'an answer');
    await expect.poll(() => keysOf(id)).toContain(':log');
    runner.close();
    expect((await manager.call('DELETE', `/agents/${id}`)).status).toBe(204);
    await expect.poll(() => keysOf(id)).toBe('');
    // Begun before the deletion, done after it.
    await manager.manager.app.get(InboxService).sweep(id);
    expect(await keysOf(id)).toBe('');
  });

  it('of an agent closes its chats as those of an agent that is not there, without other frames', async () => {
    const id = await manager.agent({ access: { chat: 'public' } });
    const chat = await PlainChat.open(origin, id, { stream: 'tokens' });
    chat.say('hello');
    await chat.nth('status', 2);
    const runner = await manager.runner(id);
    await runner.next();
    await expect.poll(() => chat.frames.at(-1)).toMatchObject({ type: 'status', state: 'running' });
    const heard = chat.frames.length;
    await manager.call('DELETE', `/agents/${id}`);
    expect(await chat.closed).toMatchObject({ code: 4404 });
    expect(chat.frames.slice(heard)).toEqual([]);
    runner.close();
  });

  it('of an agent ends the stream of a run with what happened', async () => {
    const id = await manager.agent();
    const reader = await SseReader.open(`${origin}/agents/${id}/messages`, {
      method: 'POST',
      key: manager.key,
      body: { content: 'hello' },
    });
    await manager.call('DELETE', `/agents/${id}`);
    await reader.ended;
    expect(reader.frames.at(-1)).toMatchObject({ type: 'error', code: 'agent_not_found' });
  });

  it('of a thread during its run takes with it what the run writes later', async () => {
    const id = await manager.agent();
    const { thread_id } = await say(id);
    const runner = await manager.runner(id);
    const entry = await runner.next();
    await manager.call('DELETE', `/threads/${thread_id}`);
    const { app } = manager.manager;
    const checkpoints = app.get(CheckpointsRepository);
    const place = { thread_id, checkpoint_ns: '', checkpoint_id: '1' };
    await checkpoints.put(id, {
      ...place,
      parent_checkpoint_id: null,
      checkpoint: { type: 'json', base64: '' },
      metadata: {},
    });
    await app.get(Messaging).eventLog.append(id, thread_id, { type: 'token', content: 'x', message_id: 'm' });
    await runner.report(entry, 'too late');
    await expect.poll(() => checkpoints.get(id, place)).toEqual({ tuple: null });
    await expect.poll(() => keysOf(id)).not.toContain(keys.eventLog(id, thread_id));
    runner.close();
  });
});
