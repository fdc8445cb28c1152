import { aPublicAgent, PlainChat, SseReader, until } from '@roost/testing';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('start and stop', () => {
  const roost = useInstallation();
  const stateOf = async (agent: string) => (await roost().api.status(agent)).state;

  it('start answers with a running agent, and starting it again changes nothing', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    const started = await roost().api.start(id);
    const again = await roost().api.start(id);

    expect(started).toMatchObject({
      state: 'running',
      generation: 1,
      version: 1,
      running_version: 1,
      reason: null,
    });
    expect(again).toEqual(started);
  });

  it('stop lets a run under way finish, then the agent sleeps', async () => {
    roost().model.reply('I finish what I began.', { pace: { tokenDelayMs: 50 } });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.nth('token', 1);

    expect(await roost().api.stop(id)).toMatchObject({ state: 'stopping' });
    await expect(chat.reply()).resolves.toMatchObject({ content: 'I finish what I began.' });

    await until('it sleeps', async () => (await stateOf(id)) === 'stopped');
    expect(roost().runners.pidsOf(id)).toEqual([]);
    expect(roost().model.requests()).toHaveLength(1);
    await chat.close();
  });

  it('a forced stop ends a run at once, and says so to whoever waits for it', async () => {
    // The run may be stopped before it asks.
    roost().model.fail({ kind: 'hang' }, { to: 'begin' });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.waitFor(({ type }) => type === 'run');

    await roost().api.stop(id, { force: true });

    await chat.error('run_lost');
    await until('it sleeps', async () => (await stateOf(id)) === 'stopped');
    const { items } = await roost().api.messages(await chat.thread());
    expect(items).toMatchObject([{ status: 'failed', error_code: 'run_lost' }]);
    expect(roost().runners.pidsOf(id)).toEqual([]);
    const heard = chat.frames.length;
    chat.say('and now?');
    await chat.reply();

    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    expect(
      chat.frames.slice(heard).filter((frame) => 'message_id' in frame && frame.message_id === items[0]?.id),
    ).toEqual([]);
    expect(
      roost()
        .model.requests()
        .map(({ messages }) => JSON.stringify(messages))
        .filter((said) => said.includes('begin')).length,
    ).toBeLessThanOrEqual(2);
    await chat.close();
  });

  it('a stop of a sleeping agent is harmless', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    expect(await roost().api.stop(id)).toMatchObject({ state: 'stopped' });
    expect(await roost().api.stop(id, { force: true })).toMatchObject({ state: 'stopped' });
  });

  it('a start during a stop is honoured once the stop is over', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    await roost().api.stop(id);

    await roost().api.start(id, 0);

    await until('it runs again', async () => {
      const { state, generation } = await roost().api.status(id);
      return state === 'running' && generation === 2;
    });
  });

  it('the log of an agent is that of its newest instance, cut to what was asked for', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    expect(await roost().api.logs(id)).toEqual({ instance_id: null, lines: [] });
    await roost().api.start(id);

    // The manager knows that it is ready before it has said so itself.
    const { instance_id, lines } = await until('the runner has written that it is ready', async () => {
      const log = await roost().api.logs(id);
      return log.lines.join('\n').includes('"msg":"ready"') && log;
    });

    expect(instance_id).toBe((await roost().runners.of(id)).instance_id);
    expect((await roost().api.logs(id, 1)).lines).toEqual(lines.slice(-1));
  });

  it('a log is followed line by line, until its instance ends or its agent is deleted', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const follow = `${roost().origin}/agents/${id}/logs?follow=true&tail=100`;
    const key = roost().api.key ?? '';
    await expect(SseReader.open(follow, { key })).rejects.toThrow('instance_not_found');
    await roost().api.start(id);
    const reader = await SseReader.open(follow, { key });
    const wrote = (part: string) => reader.events.some(({ data }) => JSON.stringify(data).includes(part));
    await until('it says that it is ready', () => wrote('ready'));

    await roost().api.stop(id);
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'instance_ended' } });

    await roost().api.start(id);
    const text = await fetch(follow, { headers: { authorization: `Bearer ${key}` } });
    const rest = text.text();
    await roost().api.deleteAgent(id);
    expect(await rest).toContain('"msg":"ready"');
  });

  it('a changed configuration is used for the next message, without a restart', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('with the first model');
    await chat.reply();
    await roost().api.patchAgent(id, { model: { name: 'gpt-another' } });
    chat.say('with the other model');
    await chat.nth('message', 2);

    expect(
      roost()
        .model.requests()
        .map(({ model }) => model),
    ).toEqual(['gpt-4.1-mini', 'gpt-another']);
    expect(await roost().api.status(id)).toMatchObject({ generation: 1, version: 2, running_version: 2 });
    await chat.close();
  });

  it('disabling stops an agent; enabling lets the next message wake it', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    await roost().api.patchAgent(id, { enabled: false });
    await until('it sleeps', async () => (await stateOf(id)) === 'stopped');
    await expect(roost().api.start(id)).rejects.toMatchObject({
      status: 409,
      problem: { code: 'agent_disabled' },
    });
    await roost().api.patchAgent(id, { enabled: true });
    const chat = await PlainChat.open(roost().origin, id);

    chat.say('awake?');

    await chat.reply();
    await chat.close();
  });

  it('deleting stops an agent first, and forgets all of it; doing so again is harmless', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { thread_id } = await roost().api.say(id, { content: 'hello' });
    await until('it answers', async () => (await roost().api.messages(thread_id)).items.length === 2);

    await roost().api.deleteAgent(id);
    await roost().api.deleteAgent(id);

    expect(roost().runners.pidsOf(id)).toEqual([]);
    for (const path of [`/agents/${id}`, `/agents/${id}/status`, `/threads/${thread_id}`]) {
      expect(await roost().api.send({ method: 'GET', path })).toMatchObject({ status: 404 });
    }
  });
});

describe('a runner that ends before it is ready', () => {
  const roost = useInstallation({ env: { RUNNER_ENTRY: join(import.meta.dirname, 'crash.fixture.mjs') } });

  it('leaves its agent failed with start_failed, and its log', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    const status = await roost().api.start(id);

    expect(status).toMatchObject({ state: 'failed', reason: 'start_failed' });
    expect(status.detail).toMatch(/exit code 7.*logs/);
    expect((await roost().api.logs(id)).lines).toContain('I cannot go on');
  });

  it('is tried again for a message that waits, at last a crash_loop, and the message fails visibly', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('hello?');

    await chat.error('agent_failed', 30_000);

    expect(await roost().api.status(id)).toMatchObject({
      state: 'failed',
      reason: 'crash_loop',
      generation: 3,
    });
    await chat.waitFor((frame) => frame.type === 'status' && frame.code === 'crash_loop');
    await chat.close();
  });
});

describe('a runner that never gets ready', () => {
  const roost = useInstallation({
    env: {
      RUNNER_ENTRY: join(import.meta.dirname, '../rest/instance.fixture.mjs'),
      START_DEADLINE_SECONDS: '2',
    },
  });

  it('is ended at the start deadline: failed with start_failed, and no process is left', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    expect(await roost().api.start(id)).toMatchObject({
      state: 'failed',
      reason: 'start_failed',
      detail: expect.stringContaining('Not ready within 2 s'),
    });
    await until('no process is left', () => roost().runners.pidsOf(id).length === 0);
  });
});

describe("a runner's program that is missing", () => {
  const roost = useInstallation({ env: { RUNNER_ENTRY: '/nowhere/main.js' } });

  it('is start_failed, naming the command that builds it; what was asked fails visibly', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('hello?');

    await chat.error('agent_failed');

    expect(await roost().api.status(id)).toMatchObject({
      state: 'failed',
      reason: 'start_failed',
      detail: expect.stringContaining('nx run agent-runner:build'),
    });
    await chat.close();
  });
});
