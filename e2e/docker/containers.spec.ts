import {
  anAgent,
  aPublicAgent,
  baseImages,
  buildImage,
  type DockerClient,
  type DockerInstallation,
  environmentOf,
  findDocker,
  type Installation,
  PlainChat,
  SocketIoChat,
  startDockerInstallation,
  until,
} from '@roost/testing';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';

const client = findDocker();
const image = `roost/agent-runner:e2e-${process.pid}`;

describe.skipIf(!client)('agents in containers of the real engine', () => {
  const { environment } = client as DockerClient;
  let docker: DockerInstallation;
  let roost: Installation;
  let started = false;

  beforeAll(async () => {
    await buildImage(environment, 'runner', image, (await baseImages(environment))['NODE_IMAGE']);
    docker = await startDockerInstallation(client as DockerClient, image, {
      NODE_ENV: 'production',
      OPENAI_API_KEY: 'sk-canary-of-the-operator',
    });
    roost = docker.installation;
    started = true;
  });

  beforeEach(() => {
    roost.model.reset();
    onTestFailed(() => console.error(roost.logs()));
  });

  afterAll(async () => {
    if (!started) return;
    await docker.stop();
    await docker.containers.docker(['rmi', '--force', image]);
    expect(await docker.containers.containers()).toEqual([]);
  });

  const containerOf = async (agent: string) => {
    const [container, ...others] = await docker.containers.containers(agent);
    if (!container || others.length > 0) throw new Error(`${agent} has ${others.length} containers, not one`);
    return container;
  };
  const gone = (agent: string) =>
    until(
      'its container is gone',
      async () => (await docker.containers.containers(agent)).length === 0,
      30_000,
    );

  it('start one container an agent, labelled and named by its instance, and the status says running', async () => {
    const { id } = await roost.api.createAgent(anAgent({ limits: { memory_mb: 256, cpus: 0.5, pids: 64 } }));

    const status = await roost.api.start(id);
    const container = await containerOf(id);

    expect(status).toMatchObject({ state: 'running', generation: 1, running_version: 1, reason: null });
    expect(container.State.Status).toBe('running');
    const { instance_id } = await roost.api.logs(id);
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

  it('are hardened: no root, no capability, no way to write, and no secret to find', async () => {
    const { id } = await roost.api.createAgent(anAgent());
    await roost.api.start(id);
    const container = await containerOf(id);

    expect(container).toMatchObject({
      Config: { User: '1000:1000' },
      HostConfig: {
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        ReadonlyRootfs: true,
        Privileged: false,
        NetworkMode: docker.containers.network,
        PidMode: '',
        UTSMode: '',
        CgroupnsMode: 'private',
        PortBindings: {},
        LogConfig: {
          Type: 'json-file',
          Config: { 'max-size': expect.any(String), 'max-file': expect.any(String) },
        },
      },
    });
    expect(container.HostConfig['Binds'] ?? []).toEqual([]);
    expect(container.HostConfig['Devices'] ?? []).toEqual([]);
    expect(container.Mounts.filter(({ Source }) => Source)).toEqual([]);

    const status = readFileSync(`/proc/${container.State.Pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);

    const secrets = [
      'sk-canary-of-the-operator',
      roost.api.key,
      roost.environment['SECRETS_KEY'],
      decodeURIComponent(new URL(roost.redis.url).password),
    ].map(String);
    const seen = JSON.stringify(container) + environmentOf(container.State.Pid).join('\n');
    for (const secret of secrets) expect(seen).not.toContain(secret);
  });

  it.each([
    ['write to its root', "require('fs').writeFileSync('/app/x', '')", /EROFS/],
    [
      'write to its home',
      "require('fs').writeFileSync(require('os').homedir() + '/x', '')",
      /EROFS|ENOENT|EACCES/,
    ],
    [
      'run what it wrote to /tmp',
      "f='/tmp/x';fs=require('fs');fs.writeFileSync(f,'#!/bin/sh\\n',{mode:0o755});require('child_process').execFileSync(f)",
      /EACCES/,
    ],
    ['become root', 'process.setuid(0)', /EPERM/],
    [
      'fill more than its /tmp',
      "fs=require('fs');for(let i=0;i<80;i++)fs.appendFileSync('/tmp/fill',Buffer.alloc(2**20))",
      /ENOSPC/,
    ],
  ])('inside cannot %s', async (_what, program, refusal) => {
    const id = await anyRunning();
    const { Id } = await containerOf(id);

    await expect(docker.containers.docker(['exec', Id, 'node', '-e', program])).rejects.toThrow(refusal);
    await docker.containers.docker([
      'exec',
      Id,
      'node',
      '-e',
      "require('fs').rmSync('/tmp/fill',{force:true})",
    ]);
    expect((await containerOf(id)).State.Status).toBe('running');
  });

  let running: Promise<string> | undefined;
  const anyRunning = (): Promise<string> =>
    (running ??= (async () => {
      const { id } = await roost.api.createAgent(aPublicAgent({ name: 'Any' }));
      await roost.api.start(id);
      return id;
    })());

  it('chat over Socket.IO and plain WebSocket, token by token', async () => {
    roost.model.reply('An answer from a container.', { pace: { tokenDelayMs: 5 } });
    const id = await anyRunning();
    const io = await SocketIoChat.open(roost.origin, id);
    const plain = await PlainChat.open(roost.origin, id, { stream: 'tokens' });
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
    roost.model.reply(({ history }) => history.join(' | '));
    const { id } = await roost.api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost.origin, id);
    chat.say('my name is Ada');
    await chat.reply();
    await roost.api.stop(id);
    await gone(id);

    chat.say('what is my name?');

    await expect(chat.nth('message', 2)).resolves.toMatchObject({
      content: 'my name is Ada | what is my name?',
    });
    expect(await roost.api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    await chat.close();
  });

  it('are gone after a stop, and show what they logged until then', async () => {
    const { id } = await roost.api.createAgent(anAgent());
    await roost.api.start(id);
    const log = await until('it is ready', async () => {
      const { lines } = await roost.api.logs(id);
      return lines.at(-1)?.includes('"msg":"ready"') && lines.join('\n');
    });
    expect(log).toContain('"compile_cache":"hit"');

    expect(await roost.api.stop(id)).toMatchObject({ state: 'stopping' });

    await gone(id);
    await until('the status says so', async () => (await roost.api.status(id)).state === 'stopped');
  });

  it('are gone at once after a forced stop, and the run under way fails visibly', async () => {
    roost.model.fail({ kind: 'hang' });
    const { id } = await roost.api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost.origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.waitFor(({ type }) => type === 'run');

    await roost.api.stop(id, { force: true });

    await chat.error('run_lost');
    await gone(id);
    await chat.close();
  });

  it('killed by the engine in the middle of an answer are replaced, and the message is answered once', async () => {
    roost.model.reply('Never say die. '.repeat(20), { pace: { tokenDelayMs: 10 } });
    const { id } = await roost.api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost.origin, id, { stream: 'tokens' });
    chat.say('begin');
    await chat.nth('token', 3);
    await docker.containers.docker(['kill', (await containerOf(id)).Id]);

    await expect(chat.reply(undefined, 30_000)).resolves.toMatchObject({
      content: 'Never say die. '.repeat(20),
    });

    const { items } = await roost.api.messages(await chat.thread());
    expect(items).toHaveLength(2);
    expect(await roost.api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    await chat.close();
  });

  it('over their memory limit are failed with oom_killed within ten seconds, and keep their log', async () => {
    const { id } = await roost.api.createAgent(anAgent({ limits: { memory_mb: 128, cpus: 1, pids: 64 } }));
    await roost.api.start(id);
    const { Id } = await containerOf(id);
    // Takes all the memory there is, and makes the runner the kernel's first choice.
    const hog = `const fs = require('fs');
      const [runner] = fs.readFileSync('/proc/1/task/1/children', 'utf8').trim().split(' ');
      fs.writeFileSync('/proc/' + runner + '/oom_score_adj', '1000');
      const taken = [];
      setInterval(() => taken.push(Buffer.alloc(2 ** 23, 1)), 5);`;
    await docker.containers.docker(['exec', '--detach', Id, 'node', '-e', hog]);

    const status = await until(
      'it has failed',
      async () => {
        const seen = await roost.api.status(id);
        return seen.state === 'failed' && seen;
      },
      10_000,
    );

    expect(status).toMatchObject({
      reason: 'oom_killed',
      detail: expect.stringContaining('limits.memory_mb'),
    });
    expect((await roost.api.logs(id)).lines.join('\n')).toContain('"msg":"ready"');
  });

  it('asked twenty times at once, through two managers, are one container', async () => {
    await docker.startManager();
    const { id } = await roost.api.createAgent(anAgent());

    const answers = await Promise.all(Array.from({ length: 20 }, () => roost.api.start(id)));

    for (const answer of answers) expect(answer).toMatchObject({ state: 'running', generation: 1 });
    await containerOf(id);
  });

  it('outlive a manager that is killed, and are found again by the next', async () => {
    const { id } = await roost.api.createAgent(aPublicAgent());
    await roost.api.start(id);
    const before = await containerOf(id);
    const killed = roost.manager;
    await killed.kill();
    await docker.startAgain(killed);

    const chat = await PlainChat.open(roost.origin, id);
    chat.say('still there?');
    await chat.reply();

    expect((await containerOf(id)).Id).toBe(before.Id);
    expect(await roost.api.status(id)).toMatchObject({ state: 'running', generation: 1 });
    await chat.close();
  });

  it('leave containers of others alone, whatever they are called', async () => {
    const name = `roost-inst-stranger-${process.pid}`;
    const stranger = await docker.containers.docker([
      'run',
      '--detach',
      '--name',
      name,
      image,
      'sleep',
      '300',
    ]);
    try {
      const { id } = await roost.api.createAgent(anAgent());
      await roost.api.start(id);
      await roost.api.deleteAgent(id);
      await gone(id);

      expect(await docker.containers.docker(['inspect', '--format', '{{.State.Running}}', stranger])).toBe(
        'true',
      );
    } finally {
      await docker.containers.docker(['rm', '--force', stranger]);
    }
  });
});

describe.skipIf(!client)("a runner's image that is missing", () => {
  let docker: DockerInstallation | undefined;

  beforeAll(async () => {
    docker = await startDockerInstallation(client as DockerClient, 'roost/no-such-image:e2e');
  });
  afterAll(() => docker?.stop());

  it('is start_failed, naming the command that builds it; what was asked fails visibly', async () => {
    const { api, origin } = (docker as DockerInstallation).installation;
    const { id } = await api.createAgent(aPublicAgent());

    expect(await api.start(id)).toMatchObject({
      state: 'failed',
      reason: 'start_failed',
      detail: expect.stringContaining('docker compose build agent-runner-image'),
    });
    const chat = await PlainChat.open(origin, id);
    chat.say('hello?');
    await chat.error('agent_failed');
    await chat.close();
  });
});
