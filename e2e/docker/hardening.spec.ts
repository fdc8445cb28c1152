import { anAgent, environmentOf, until } from '@roost/testing';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { client, useContainers } from './use.containers';

const image = `roost/agent-runner:e2e-hardening-${process.pid}`;
const operatorKey = 'sk-canary-of-the-operator';

describe.skipIf(!client)('containers of agents', () => {
  const { docker, roost, containerOf } = useContainers(image, { OPENAI_API_KEY: operatorKey });
  let confined = '';

  beforeAll(async () => {
    confined = (await roost().api.createAgent(anAgent())).id;
    await roost().api.start(confined);
  });

  it('are hardened: no root, no capability, no way to write, and no secret to find', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.start(id);
    const container = await containerOf(id);

    expect(container).toMatchObject({
      Config: { User: '1000:1000' },
      HostConfig: {
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        ReadonlyRootfs: true,
        Privileged: false,
        NetworkMode: docker().containers.network,
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
      operatorKey,
      roost().api.key,
      roost().environment['SECRETS_KEY'],
      decodeURIComponent(new URL(roost().redis.url).password),
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
    const { Id } = await containerOf(confined);

    await expect(docker().containers.docker(['exec', Id, 'node', '-e', program])).rejects.toThrow(refusal);
    await docker().containers.docker([
      'exec',
      Id,
      'node',
      '-e',
      "require('fs').rmSync('/tmp/fill',{force:true})",
    ]);
    expect((await containerOf(confined)).State.Status).toBe('running');
  });

  it('over their memory limit are failed with oom_killed within ten seconds, and keep their log', async () => {
    const { id } = await roost().api.createAgent(anAgent({ limits: { memory_mb: 128, cpus: 1, pids: 64 } }));
    await roost().api.start(id);
    const { Id } = await containerOf(id);
    // Takes all the memory there is, and makes the runner the kernel's first choice.
    const hog = `const fs = require('fs');
      const [runner] = fs.readFileSync('/proc/1/task/1/children', 'utf8').trim().split(' ');
      fs.writeFileSync('/proc/' + runner + '/oom_score_adj', '1000');
      const taken = [];
      setInterval(() => taken.push(Buffer.alloc(2 ** 23, 1)), 5);`;
    await docker().containers.docker(['exec', '--detach', Id, 'node', '-e', hog]);

    const status = await until(
      'it has failed',
      async () => {
        const seen = await roost().api.status(id);
        return seen.state === 'failed' && seen;
      },
      10_000,
    );

    expect(status).toMatchObject({
      reason: 'oom_killed',
      detail: expect.stringContaining('limits.memory_mb'),
    });
    expect((await roost().api.logs(id)).lines.join('\n')).toContain('"msg":"ready"');
  });
});
