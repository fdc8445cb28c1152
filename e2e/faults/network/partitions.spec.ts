import { HEARTBEAT_LIFE_MS } from '@roost/contracts';
import { aPublicAgent, isFull, PlainChat, run, until } from '@roost/testing';
import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { client, useFaultyEngine } from '../engine/use.faulty.engine';

/** Longer than a heartbeat lives. */
const outage_ms = HEARTBEAT_LIFE_MS + 5_000;

/** Rules in another process' network need root. */
const mayPartition = client !== null && userInfo().uid === 0;
if (client && !mayPartition)
  console.warn('skipped: partitions of containers need root, nsenter and iptables');

describe.skipIf(!mayPartition || !isFull)('a container whose packets are dropped, without a word', () => {
  const { roost, oracle, containerOf } = useFaultyEngine('partitions');

  /** Drops all packets between a container and a port of whoever serves it; gone with the container. */
  const partition = async (pid: number, port: string, verb: '--append' | '--delete'): Promise<void> => {
    for (const [chain, side] of [
      ['OUTPUT', '--dport'],
      ['INPUT', '--sport'],
    ] as const) {
      const rule = [verb, chain, '--protocol', 'tcp', side, port, '--jump', 'DROP'];
      await run('nsenter', ['--target', String(pid), '--net', 'iptables', '--wait', ...rule], process.env);
    }
  };
  const environmentOf = async (agent: string, name: string): Promise<URL> => {
    const { Config } = await containerOf(agent);
    return new URL(Config.Env?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '');
  };

  it.each([
    ['Redis', 'REDIS_URL'],
    ['the managers', 'CONFIG_URL'],
  ])('between it and %s: what is said meanwhile is answered once it heals', async (_whom, variable) => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await roost().api.start(id);
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
    chat.say('before');
    await chat.reply();
    const thread_id = await chat.thread();
    const { State, Id } = await containerOf(id);
    const { port } = await environmentOf(id, variable);
    await partition(State.Pid, port, '--append');

    for (let said = 1; said <= 5; said += 1) {
      const { message_id } = await roost().api.say(id, { content: `in the dark ${said}`, thread_id });
      oracle().expect(message_id);
    }
    await pause(outage_ms);
    // Unknown is not gone: the engine shows it running.
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 1 });
    await partition(State.Pid, port, '--delete');

    await until(
      'all are answered',
      async () => (await roost().api.messages(thread_id)).items.length === 12,
      90_000,
    );
    expect((await containerOf(id)).Id).toBe(Id);
    await chat.close();
  });
});
