import { describe, expect, it } from 'vitest';
import { checkedBody, createRule } from './create.rule';
import { Refusal } from './refusal';

const rule = createRule({
  images: ['roost/agent-runner:1', 'sha256:aa'],
  network: 'roost-runners',
  installation: 'roost',
  memory_bytes: 512 * 1_048_576,
  nano_cpus: 2e9,
  pids: 256,
});

const runner = {
  Image: 'roost/agent-runner:1',
  Hostname: 'roost-agent-sales-ab12-7-a65d8319772a',
  User: '1000:1000',
  Env: ['AGENT_ID=agent_sales_ab12'],
  Labels: { 'roost.installation': 'roost', 'roost.instance_id': 'i1' },
  StopSignal: 'SIGTERM',
  HostConfig: {
    NetworkMode: 'roost-runners',
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
    Memory: 268_435_456,
    MemorySwap: 268_435_456,
    NanoCpus: 500_000_000,
    PidsLimit: 64,
    IpcMode: 'none',
    CgroupnsMode: 'private',
    Init: true,
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  },
};
const check = (body: unknown): unknown =>
  JSON.parse(checkedBody(rule, Buffer.from(JSON.stringify(body))).toString());
const inHost = (fields: object) => ({ ...runner, HostConfig: { ...runner.HostConfig, ...fields } });
const without = (field: keyof typeof runner.HostConfig) => {
  const { [field]: _left, ...HostConfig } = runner.HostConfig;
  return { ...runner, HostConfig };
};

describe('the body of "create container"', () => {
  it('passes as the launcher builds it', () => {
    expect(check(runner)).toEqual(runner);
  });

  it.each<[string, unknown, string]>([
    ['another image', { ...runner, Image: 'alpine' }, 'Image'],
    ['the same image by another name', { ...runner, Image: 'docker.io/roost/agent-runner:1' }, 'Image'],
    ['root', { ...runner, User: '0:0' }, 'User'],
    ['another command', { ...runner, Cmd: ['sh'] }, 'Cmd'],
    ['another entrypoint', { ...runner, Entrypoint: ['sh'] }, 'Entrypoint'],
    ['an installation of others', { ...runner, Labels: { 'roost.installation': 'x' } }, 'Labels'],
    [
      'a label of Compose',
      { ...runner, Labels: { ...runner.Labels, 'com.docker.compose.project': 'a' } },
      'Labels',
    ],
    [
      'a second network',
      { ...runner, NetworkingConfig: { EndpointsConfig: { data: {} } } },
      'NetworkingConfig',
    ],
    ['anonymous volumes', { ...runner, Volumes: { '/data': {} } }, 'Volumes'],
    ['a bind', inHost({ Binds: ['/:/host'] }), 'HostConfig.Binds'],
    ['a mount', inHost({ Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] }), 'HostConfig.Mounts'],
    ['privilege', inHost({ Privileged: true }), 'HostConfig.Privileged'],
    ['privilege said to be off', inHost({ Privileged: false }), 'HostConfig.Privileged'],
    ['a capability', inHost({ CapAdd: ['SYS_ADMIN'] }), 'HostConfig.CapAdd'],
    ['capabilities kept', inHost({ CapDrop: [] }), 'HostConfig.CapDrop'],
    ['a device', inHost({ Devices: [{ PathOnHost: '/dev/sda' }] }), 'HostConfig.Devices'],
    ["the host's network", inHost({ NetworkMode: 'host' }), 'HostConfig.NetworkMode'],
    ['the network of another container', inHost({ NetworkMode: 'container:db' }), 'HostConfig.NetworkMode'],
    ["the host's processes", inHost({ PidMode: 'host' }), 'HostConfig.PidMode'],
    ["the host's users", inHost({ UsernsMode: 'host' }), 'HostConfig.UsernsMode'],
    ["the host's memory", inHost({ IpcMode: 'host' }), 'HostConfig.IpcMode'],
    ["the host's cgroups", inHost({ CgroupnsMode: 'host' }), 'HostConfig.CgroupnsMode'],
    ['no seccomp', inHost({ SecurityOpt: ['seccomp=unconfined'] }), 'HostConfig.SecurityOpt'],
    ['a writable root', inHost({ ReadonlyRootfs: false }), 'HostConfig.ReadonlyRootfs'],
    ['an executable /tmp', inHost({ Tmpfs: { '/tmp': 'rw,exec' } }), 'HostConfig.Tmpfs'],
    ['another tmpfs', inHost({ Tmpfs: { ...runner.HostConfig.Tmpfs, '/app': 'rw' } }), 'HostConfig.Tmpfs'],
    ['too much memory', inHost({ Memory: 2 ** 40 }), 'HostConfig.Memory'],
    ['memory without a limit', inHost({ Memory: 0 }), 'HostConfig.Memory'],
    ['swap without a limit', inHost({ MemorySwap: -1 }), 'HostConfig.MemorySwap'],
    ['too many processors', inHost({ NanoCpus: 64e9 }), 'HostConfig.NanoCpus'],
    ['processes without a limit', inHost({ PidsLimit: -1 }), 'HostConfig.PidsLimit'],
    ['a restart by the engine', inHost({ RestartPolicy: { Name: 'always' } }), 'HostConfig.RestartPolicy'],
    [
      'a log driver that sends',
      inHost({ LogConfig: { Type: 'syslog', Config: {} } }),
      'HostConfig.LogConfig',
    ],
    ['sysctls', inHost({ Sysctls: { 'kernel.x': '1' } }), 'HostConfig.Sysctls'],
    ['another runtime', inHost({ Runtime: 'other' }), 'HostConfig.Runtime'],
    [
      'published ports',
      inHost({ PortBindings: { '1/tcp': [{ HostPort: '1' }] } }),
      'HostConfig.PortBindings',
    ],
    ['no limit of processes', without('PidsLimit'), 'HostConfig.PidsLimit'],
    ['no host configuration', { ...runner, HostConfig: undefined }, 'HostConfig'],
    ['a list', [runner], 'the body'],
    ['nothing', null, 'the body'],
  ])('is refused with %s', (_what, body, field) => {
    expect(() => check(body)).toThrow(Refusal);
    expect(() => check(body)).toThrow(`a container with this ${field}`);
  });

  it('is written anew: a name said twice, or in other letters, reaches the engine as it was understood', () => {
    const twice = JSON.stringify(runner).replace('"Image":', '"Image":"alpine","Image":');
    expect(checkedBody(rule, Buffer.from(twice)).toString()).not.toContain('alpine');
    expect(() => check({ ...runner, hostconfig: { Binds: ['/:/host'] } })).toThrow('hostconfig');
    expect(() => check(inHost({ binds: ['/:/host'] }))).toThrow('HostConfig.binds');
  });

  it.each(['', '{', 'null\u0000', '\ufeff{}'])('is refused as %j', (body) => {
    expect(() => checkedBody(rule, Buffer.from(body))).toThrow(Refusal);
  });
});
