import { Messaging } from '@roost/messaging';
import { PlainChat } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentsRepository, type AgentStatusView } from '../agents/agents.repository';
import { ManagerHarness } from '../test/manager.harness';

describe("an agent's status", () => {
  let manager: ManagerHarness;
  beforeAll(async () => {
    manager = await ManagerHarness.start();
  });
  afterAll(() => manager.stop());

  it('that another manager announces late does not replace a newer one', async () => {
    const id = await manager.agent({ access: { chat: 'public' } });
    const chat = await PlainChat.open(`http://127.0.0.1:${manager.manager.public_port}`, id);
    await chat.nth('status', 1);
    const { topics } = manager.manager.app.get(Messaging);
    const { as_of } = (await manager.manager.app.get(AgentsRepository).status(id)) as AgentStatusView;
    const announce = (state: AgentStatusView['state'], generation: number, at: number) =>
      topics.publishAgentStatus({ agent_id: id, state, reason: null, detail: null, generation, as_of: at });

    await announce('initializing', 1, as_of + 10);
    await announce('starting', 1, as_of + 5);
    await announce('stopped', 0, as_of + 20);
    await announce('running', 1, as_of + 15);
    await announce('stopping', 1, as_of + 16);

    await expect.poll(() => chat.ofType('status').at(-1)?.state).toBe('stopping');
    expect(chat.ofType('status').map(({ state }) => state)).toEqual([
      'stopped',
      'initializing',
      'running',
      'stopping',
    ]);
    await chat.close();
  });

  it('says of a disabled agent that it is, and how to enable it', async () => {
    const id = await manager.agent({ enabled: false });
    expect((await manager.call('GET', `/agents/${id}/status`)).body).toMatchObject({
      state: 'stopped',
      reason: null,
      detail: expect.stringMatching(/disabled.*PATCH \/agents/) as string,
    });
    await manager.call('PATCH', `/agents/${id}`, { enabled: true });
    expect((await manager.call('GET', `/agents/${id}/status`)).body).toMatchObject({ detail: null });
  });
});
