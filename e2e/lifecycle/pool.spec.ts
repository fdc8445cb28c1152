import { aPublicAgent, PlainChat, until } from '@roost/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const ROUNDS = 5;

describe('a warm pool', () => {
  const roost = useInstallation({ env: { POOL_SIZE: '1' } });

  /** The one waiting member, once it is ready. */
  const waiting = (): Promise<string> =>
    until(
      'a member of the pool is ready',
      () => {
        const members = roost()
          .runners.living()
          .filter(({ agent_id }) => agent_id === null);
        const ready = members.filter((member) => roost().runners.log(member).includes('waiting in the pool'));
        const unclaimed = ready.filter((member) => !roost().runners.log(member).includes('"claimed"'));
        return unclaimed.length === 1 && unclaimed[0]!.instance_id;
      },
      30_000,
    );

  it('answers for sleeping agents, one after the other, and is full again', async () => {
    const member = await waiting();
    const agents = await Promise.all([1, 2].map(() => roost().api.createAgent(aPublicAgent())));
    const chat = await PlainChat.open(roost().origin, agents[0]!.id);
    chat.say('Are you awake?');
    await chat.reply();

    expect((await roost().api.logs(agents[0]!.id)).instance_id).toBe(member);
    expect(await roost().api.status(agents[0]!.id)).toMatchObject({ state: 'running', generation: 1 });
    const { items } = await roost().api.messages(await chat.thread());
    expect(items.at(-1)?.timeline).toMatchObject({ wake: 'pool', schedule_ms: 0, boot_ms: 0 });

    const next = await waiting();
    expect(next).not.toBe(member);
    await roost().api.start(agents[1]!.id);
    expect((await roost().api.logs(agents[1]!.id)).instance_id).toBe(next);
    await chat.close();
  });

  it('is left alone by agents with other limits', async () => {
    const member = await waiting();
    const { id } = await roost().api.createAgent(
      aPublicAgent({ limits: { memory_mb: 256, cpus: 1, pids: 128 } }),
    );
    await roost().api.start(id);

    expect((await roost().api.logs(id)).instance_id).not.toBe(member);
    expect(await waiting()).toBe(member);
  });

  it('whose member was killed answers all the same', async () => {
    const member = await waiting();
    const { id } = await roost().api.createAgent(aPublicAgent());
    const [record] = roost()
      .runners.living()
      .filter(({ instance_id }) => instance_id === member);
    process.kill(record!.pid, 'SIGKILL');
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('Anybody there?');

    await chat.reply();

    expect((await roost().api.status(id)).state).toBe('running');
    await chat.close();
  });

  it('lets the first token come soon', async () => {
    const sleeping: number[] = [];
    const running: number[] = [];
    const agents: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await waiting();
      const { id } = await roost().api.createAgent(aPublicAgent());
      agents.push(id);
      const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });
      sleeping.push(await untilFirstToken(chat));
      await chat.nth('message', 1);
      // What refills the pool is over by then.
      await waiting();
      running.push(await untilFirstToken(chat));
      await chat.close();
    }
    const claims = await claimToRunning(agents);
    expect(claims).toHaveLength(ROUNDS);
    console.log(
      [
        told('claim to running', claims),
        told('first token of a sleeping agent', sleeping),
        told('first token of a running agent', running),
      ].join('\n'),
    );
  });

  async function untilFirstToken(chat: PlainChat): Promise<number> {
    const heard = chat.ofType('token').length;
    const said = performance.now();
    chat.say('Hello?');
    await chat.nth('token', heard + 1);
    return performance.now() - said;
  }

  /** Milliseconds by the database's clock, for those that were claimed. */
  async function claimToRunning(agents: string[]): Promise<number[]> {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ ms: number }>(
        `SELECT extract(epoch FROM ready_at - created_at)::float8 * 1000 AS ms
         FROM instances WHERE claimed AND agent_id = ANY($1)`,
        [agents],
      );
      return rows.map(({ ms }) => ms);
    } finally {
      await client.end();
    }
  }
});

function told(what: string, values: number[]): string {
  const sorted = values.map(Math.round).sort((a, b) => a - b);
  return `${what}: median ${sorted[sorted.length >> 1] ?? NaN} ms of ${sorted.join(', ')}`;
}
