import { anAgent, aPublicAgent, PlainChat, SocketIoChat, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { client, useContainers } from './use.containers';

const image = `roost/agent-runner:e2e-containers-${process.pid}`;

describe.skipIf(!client)('agents in containers of the real engine', () => {
  const { docker, roost, containerOf, gone } = useContainers(image);

  it('start one container an agent, labelled and named by its instance, and the status says running', async () => {
    const { id } = await roost().api.createAgent(
      anAgent({ limits: { memory_mb: 256, cpus: 0.5, pids: 64 } }),
    );

    const status = await roost().api.start(id);
    const container = await containerOf(id);

    expect(status).toMatchObject({ state: 'running', generation: 1, running_version: 1, reason: null });
    expect(container.State.Status).toBe('running');
    const { instance_id } = await roost().api.logs(id);
    expect(container.Name).toContain(instance_id);
    expect(container.Config).toMatchObject({
      Image: image,
      Labels: { 'roost.agent_id': id, 'roost.instance_id': instance_id, 'roost.generation': '1' },
    });
    expect(container.HostConfig).toMatchObject({
      Memory: 256 * 2 ** 20,
      MemorySwap: 256 * 2 ** 20,
      NanoCpus: 500_000_000,
      PidsLimit: 64,
    });
  });

  it('chat over Socket.IO and plain WebSocket, token by token', async () => {
    roost().model.reply('An answer from a container.', { pace: { tokenDelayMs: 5 } });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const io = await SocketIoChat.open(roost().origin, id);
    const plain = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    const { message_id } = await io.said('over Socket.IO');
    plain.say('over WebSocket');

    await Promise.all([io.reply(message_id), plain.reply()]);

    for (const chat of [io, plain]) {
      expect(chat.streamedText()).toBe('An answer from a container.');
      expect(chat.ofType('token').length).toBeGreaterThan(1);
    }
    io.close();
    await plain.close();
  });

  it('wake on a message and go on where they were: memory outlives the container', async () => {
    roost().model.reply(({ history }) => history.join(' | '));
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('my name is Ada');
    await chat.reply();
    await roost().api.stop(id);
    await gone(id);

    chat.say('what is my name?');

    await expect(chat.nth('message', 2)).resolves.toMatchObject({
      content: 'my name is Ada | what is my name?',
    });
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    await chat.close();
  });

  it('are gone after a stop, and show what they logged until then', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.start(id);
    const log = await until('it is ready', async () => {
      const { lines } = await roost().api.logs(id);
      return lines.at(-1)?.includes('"msg":"ready"') && lines.join('\n');
    });
    expect(log).toContain('"compile_cache":"hit"');

    expect(await roost().api.stop(id)).toMatchObject({ state: 'stopping' });

    await gone(id);
    await until('the status says so', async () => (await roost().api.status(id)).state === 'stopped');
  });

  it('are gone at once after a forced stop, and the run under way fails visibly', async () => {
    roost().model.fail({ kind: 'hang' });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.waitFor(({ type }) => type === 'run');

    await roost().api.stop(id, { force: true });

    await chat.error('run_lost');
    await gone(id);
    await chat.close();
  });

  it('killed by the engine in the middle of an answer are replaced, and the message is answered once', async () => {
    roost().model.reply('Never say die. '.repeat(20), { pace: { tokenDelayMs: 10 } });
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.nth('token', 3);
    await docker().containers.docker(['kill', (await containerOf(id)).Id]);

    await expect(chat.reply(undefined, 30_000)).resolves.toMatchObject({
      content: 'Never say die. '.repeat(20),
    });

    const { items } = await roost().api.messages(await chat.thread());
    expect(items).toHaveLength(2);
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    await chat.close();
  });

  it('asked twenty times at once, through two managers, are one container', async () => {
    await docker().startManager();
    const { id } = await roost().api.createAgent(anAgent());

    const answers = await Promise.all(Array.from({ length: 20 }, () => roost().api.start(id)));

    for (const answer of answers) expect(answer).toMatchObject({ state: 'running', generation: 1 });
    await containerOf(id);
  });

  it('outlive a manager that is killed, and are found again by the next', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const before = await containerOf(id);
    const killed = roost().manager;
    await killed.kill();
    await docker().startAgain(killed);

    const chat = await PlainChat.open(roost().origin, id);
    chat.say('still there?');
    await chat.reply();

    expect((await containerOf(id)).Id).toBe(before.Id);
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 1 });
    await chat.close();
  });

  it('leave containers of others alone, whatever they are called', async () => {
    const name = `roost-inst-stranger-${process.pid}`;
    const stranger = await docker().containers.docker([
      'run',
      '--detach',
      '--name',
      name,
      image,
      'sleep',
      '300',
    ]);
    try {
      const { id } = await roost().api.createAgent(anAgent());
      await roost().api.start(id);
      await roost().api.deleteAgent(id);
      await gone(id);

      expect(await docker().containers.docker(['inspect', '--format', '{{.State.Running}}', stranger])).toBe(
        'true',
      );
    } finally {
      await docker().containers.docker(['rm', '--force', stranger]);
    }
  });
});
