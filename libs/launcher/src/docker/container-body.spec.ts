import { expect, it } from 'vitest';
import { containerBody } from './container-body';

it('a container is hardened, limited, labelled and attached to the given network only', () => {
  const body = containerBody(
    {
      instance_id: 'agent_sales_ab12_7',
      agent_id: 'agent_sales_ab12',
      generation: 7,
      limits: { memory_mb: 256, cpus: 0.5, pids: 64 },
      env: { AGENT_ID: 'agent_sales_ab12', CODE: 'a=b' },
    },
    {
      image: 'roost/runner:1',
      network: 'roost-runners',
      installation: 'default',
      log_file_mb: 10,
      log_files: 3,
    },
  );

  expect(body).toStrictEqual({
    Image: 'roost/runner:1',
    Hostname: 'roost-agent-sales-ab12-7-a65d8319772a',
    User: '1000:1000',
    Env: ['AGENT_ID=agent_sales_ab12', 'CODE=a=b'],
    Labels: {
      'roost.installation': 'default',
      'roost.instance_id': 'agent_sales_ab12_7',
      'roost.agent_id': 'agent_sales_ab12',
      'roost.generation': '7',
    },
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
  });
});

it('for a member of the warm pool names no agent', () => {
  const { Labels } = containerBody(
    {
      instance_id: 'inst-1',
      agent_id: null,
      generation: null,
      limits: { memory_mb: 256, cpus: 0.5, pids: 64 },
      env: {},
    },
    {
      image: 'roost/runner:1',
      network: 'roost-runners',
      installation: 'default',
      log_file_mb: 10,
      log_files: 3,
    },
  );
  expect(Labels).toStrictEqual({ 'roost.installation': 'default', 'roost.instance_id': 'inst-1' });
});
