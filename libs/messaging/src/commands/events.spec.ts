import { COMMANDS_GROUP } from '@roost/contracts';
import { describe, expect, it, vi } from 'vitest';
import { COMMAND_LIFE_MS_MAX } from './command.entry';
import { STREAM, TransportStage } from './stream-transport.suite';

const stage = new TransportStage();

const listening = (heard: string[]) => ({
  'agents.changed': ({ agent_id }: { agent_id: string }) => {
    heard.push(agent_id);
  },
});

describe('an event', () => {
  it('is handled by one of two replicas, and leaves the stream', async () => {
    const heard: string[] = [];
    stage.replica(listening(heard));
    stage.replica(listening(heard));
    const client = stage.client();
    const agent_ids = Array.from({ length: 50 }, (_, index) => `agent_${index}`);
    await Promise.all(agent_ids.map((agent_id) => client.announce('agents.changed', { agent_id })));
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
    expect(heard.toSorted()).toEqual(agent_ids.toSorted());
  });

  it('waits while no replica is up, unless its life ends before one comes', async () => {
    const client = stage.client();
    await client.announce('agents.changed', { agent_id: 'short' }, { life_ms: 1 });
    await client.announce('agents.changed', { agent_id: 'long' });
    const heard: string[] = [];
    stage.replica(listening(heard));
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
    expect(heard).toEqual(['long']);
  });

  it('whose handler throws is handled again, and the failure told', async () => {
    const heard: string[] = [];
    stage.replica({
      'agents.changed': ({ agent_id }) => {
        heard.push(agent_id);
        if (heard.length === 1) throw new Error('not now');
      },
    });
    await stage.client().announce('agents.changed', { agent_id: 'a' });
    await vi.waitFor(() => expect(heard).toEqual(['a', 'a']), 20_000);
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
    expect(stage.errors.map(({ message }) => message)).toEqual(['The handler of agents.changed failed.']);
  });

  it('of a replica that died while it was at work is handled by another', async () => {
    await stage.raw.xgroup('CREATE', STREAM, COMMANDS_GROUP, '0', 'MKSTREAM');
    await stage.client().announce('agents.changed', { agent_id: 'a' });
    await stage.raw.xreadgroup('GROUP', COMMANDS_GROUP, 'dead', 'COUNT', 1, 'STREAMS', STREAM, '>');
    const heard: string[] = [];
    stage.replica(listening(heard));
    await vi.waitFor(() => expect(heard).toEqual(['a']), 20_000);
  });

  it('that outlived the longest life makes room in the stream, handled or not', async () => {
    const [seconds] = await stage.raw.time();
    const old = Number(seconds) * 1_000 - COMMAND_LIFE_MS_MAX - 1_000;
    await stage.raw.xadd(STREAM, `${old}-0`, 'json', '{}');
    await stage.client(1).announce('agents.changed', { agent_id: 'a' });
    expect(await stage.raw.xlen(STREAM)).toBe(1);
  });
});
