import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { type Checkpoint, emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { internalPaths } from '@roost/contracts';
import * as vitest from 'vitest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManagerClient } from '../exchange/manager.client';
import { CredentialRefusedError } from '../lifecycle/fence';
import { FakeManager } from '../test/fake.manager';
import { CheckpointClient } from './checkpoint.client';
import { HttpCheckpointSaver } from './http-checkpoint.saver';

// LangGraph's suite expects its test functions to be global.
Object.assign(globalThis, vitest);
const { deltaChannelHistoryTests, validate } = await import('@langchain/langgraph-checkpoint-validation');

const saverOf = (manager: FakeManager, threads_cached?: number): HttpCheckpointSaver =>
  new HttpCheckpointSaver(
    new CheckpointClient(new ManagerClient(`${manager.origin}/agents/a/config`, manager.token)),
    threads_cached === undefined ? {} : { threads_cached },
  );

for (const [name, threads_cached] of [
  ['with its cache', 10],
  ['without a cache', 0],
] as const) {
  let manager: FakeManager;
  const initializer = {
    checkpointerName: `HttpCheckpointSaver ${name}`,
    async createCheckpointer() {
      manager = await new FakeManager().start();
      return saverOf(manager, threads_cached);
    },
    async destroyCheckpointer() {
      await manager.stop();
    },
  };
  validate(initializer);
  deltaChannelHistoryTests(initializer);
}

describe('HttpCheckpointSaver', () => {
  let manager: FakeManager;
  beforeEach(async () => {
    manager = await new FakeManager().start();
  });
  afterEach(() => manager.stop());

  const thread = { configurable: { thread_id: 'thr_1', checkpoint_ns: '' } };
  const metadata = { source: 'loop', step: 1, parents: {} } as const;
  const checkpoint = (id: string, messages: unknown[]): Checkpoint => ({
    ...emptyCheckpoint(),
    id,
    channel_values: { messages },
  });
  const isNew = { messages: 1 };

  it('brings messages back as messages', async () => {
    const messages = [
      new HumanMessage({ id: 'm1', content: 'Grüße 🌍' }),
      new AIMessage({ id: 'm2', content: 'Hello' }),
    ];
    await saverOf(manager).put(thread, checkpoint(uuid6(1), messages), metadata, isNew);
    const tuple = await saverOf(manager).getTuple(thread);
    expect(tuple?.checkpoint.channel_values['messages']).toEqual(messages);
    expect(tuple?.checkpoint.channel_values['messages']).toSatisfy(
      ([first]: unknown[]) => first instanceof HumanMessage,
    );
  });

  it('asks the store once for a thread, also when it has nothing', async () => {
    const saver = saverOf(manager);
    expect(await saver.getTuple(thread)).toBeUndefined();
    expect(await saver.getTuple(thread)).toBeUndefined();
    expect(manager.requestsTo(`${internalPaths.checkpoints}/get`)).toHaveLength(1);
  });

  it('answers from memory with what it stored last', async () => {
    const saver = saverOf(manager);
    const next = await saver.put(thread, checkpoint(uuid6(1), ['one']), metadata, isNew);
    await saver.put(next, checkpoint(uuid6(2), ['two']), metadata, isNew);
    const tuple = await saver.getTuple(thread);
    expect(tuple?.checkpoint.channel_values).toEqual({ messages: ['two'] });
    expect(tuple?.parentConfig).toEqual(next);
    expect(manager.requestsTo(`${internalPaths.checkpoints}/get`)).toHaveLength(0);
  });

  it('forgets the thread when a write failed', async () => {
    const saver = saverOf(manager);
    await saver.put(thread, checkpoint(uuid6(1), ['one']), metadata, isNew);
    manager.failNext.push(400);
    await expect(saver.put(thread, checkpoint(uuid6(2), ['two']), metadata, isNew)).rejects.toThrow('400');
    expect((await saver.getTuple(thread))?.checkpoint.channel_values).toEqual({ messages: ['one'] });
    expect(manager.requestsTo(`${internalPaths.checkpoints}/get`)).toHaveLength(1);
  });

  it('says with what it writes how much had been erased when it read the thread', async () => {
    const saver = saverOf(manager);
    const written = () => manager.checkpoints.newest('thr_1')?.metadata;
    await saver.put(thread, checkpoint(uuid6(1), ['one']), metadata, isNew);
    expect(written()).toEqual(metadata);
    manager.checkpoints.thread = { erasures: 2 };
    saver.forgetErased('thr_1', 2);
    await saver.getTuple(thread);
    await saver.put(thread, checkpoint(uuid6(2), ['two']), metadata, isNew);
    expect(written()).toEqual({ ...metadata, erasures: 2 });
  });

  it('tries again while the manager is failing', async () => {
    manager.failNext.push(503, 500, 429);
    await saverOf(manager).put(thread, checkpoint(uuid6(1), ['one']), metadata, isNew);
    expect(manager.requestsTo(`${internalPaths.checkpoints}/put`)).toHaveLength(4);
    expect((await saverOf(manager).getTuple(thread))?.checkpoint.channel_values).toEqual({
      messages: ['one'],
    });
  });

  it('does not try again when its token is refused', async () => {
    manager.failNext.push(401);
    await expect(saverOf(manager).getTuple(thread)).rejects.toThrow(CredentialRefusedError);
    expect(manager.requests).toHaveLength(1);
  });
});
