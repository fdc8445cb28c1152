import { aPublicAgent, PlainChat, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { client, useContainers } from './use.containers';

const image = `roost/agent-runner:e2e-pool-${process.pid}`;

describe.skipIf(!client)('a warm pool of containers', () => {
  const { docker, roost } = useContainers(image, { POOL_SIZE: '1' });

  /** The one container that waits, once it is ready. */
  const waiting = (besides: string[] = []) =>
    until(
      'a container waits in the pool',
      async () => {
        const others = (await docker().containers.containers()).filter(({ Id }) => !besides.includes(Id));
        const [container] = others;
        if (!container || others.length !== 1) return null;
        const log = await docker().containers.docker(['logs', container.Id]);
        return log.includes('waiting in the pool') && container;
      },
      60_000,
    );

  it('answers with a container that had been started before the message came', async () => {
    const member = await waiting();
    expect(member.Config.Labels).not.toHaveProperty('roost.agent_id');
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id, { stream: 'tokens' });

    const said = new Date();
    chat.say('Who is there?');
    await chat.nth('token', 1);
    const first = Date.now() - said.getTime();
    await chat.reply();

    const { instance_id } = await roost().api.logs(id);
    expect(member.Config.Labels['roost.instance_id']).toBe(instance_id);
    expect(new Date(member.State.StartedAt).getTime()).toBeLessThan(said.getTime());
    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 1 });

    const next = await waiting([member.Id]);
    const again = Date.now();
    chat.say('And now?');
    await chat.nth('message', 2);
    console.log(
      `first token after a claim: ${first} ms; a whole answer while running: ${Date.now() - again} ms`,
    );

    await roost().api.stop(id);
    await until('only the waiting container is left', async () => {
      const ids = (await docker().containers.containers()).map(({ Id }) => Id);
      return ids.length === 1 && ids[0] === next.Id;
    });
    await chat.close();
  });

  it('shows no lasting secret in what the engine tells of a container', async () => {
    const member = await waiting();
    const env = (member.Config.Env ?? []).filter(
      (entry) => !entry.startsWith('NODE_') && !entry.startsWith('PATH='),
    );
    expect(env.map((entry) => entry.split('=')[0])).not.toContain('AGENT_ID');
    const code = env.find((entry) => entry.startsWith('EXCHANGE_CODE='))?.split('=')[1];
    const labels = member.Config.Labels;
    const refused = await fetch(`${roost().manager.internalOrigin}/internal/pool/exchange`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instance_id: labels['roost.instance_id'], code }),
    });
    expect(refused.status).toBe(401);
    expect(JSON.stringify(env)).not.toMatch(/sk-operator|redis:\/\/[^/]*@/);
  });
});
