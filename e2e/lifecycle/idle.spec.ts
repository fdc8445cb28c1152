import { aPublicAgent, PlainChat, until } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

describe('idle agents', () => {
  const roost = useInstallation({
    env: { AGENT_INACTIVITY_TIMEOUT: '2', AGENT_INACTIVITY_CHECK_INTERVAL: '1' },
  });

  const stateOf = async (agent: string) => (await roost().api.status(agent)).state;
  const asleep = (agent: string) =>
    until(`${agent} sleeps`, async () => (await stateOf(agent)) === 'stopped', 20_000);

  it('go to sleep after the timeout of the service, and the next message wakes them', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('one');
    await chat.reply();
    await asleep(id);
    expect(roost().runners.pidsOf(id)).toEqual([]);

    chat.say('two');
    await chat.nth('message', 2);

    expect(await roost().api.status(id)).toMatchObject({ state: 'running', generation: 2 });
    expect(chat.ofType('status').map(({ state }) => state)).toEqual([
      'stopped',
      'starting',
      'initializing',
      'running',
      'stopping',
      'stopped',
      'starting',
      'initializing',
      'running',
    ]);
    await chat.close();
  });

  it('follow their own timeout where they have one', async () => {
    const quick = await roost().api.createAgent(aPublicAgent({ name: 'Quick', inactivity_timeout: 1 }));
    const patient = await roost().api.createAgent(aPublicAgent({ name: 'Patient', inactivity_timeout: 600 }));
    await Promise.all([roost().api.start(quick.id), roost().api.start(patient.id)]);

    await asleep(quick.id);
    await roost().api.start(quick.id);
    await asleep(quick.id);

    expect(await roost().api.status(patient.id)).toMatchObject({ state: 'running', generation: 1 });
    await roost().api.stop(patient.id);
  });

  it('are never put to sleep with a message in flight, however slow its answer', async () => {
    roost().model.reply('Finally.', { to: 'slow', pace: { tokenDelayMs: 5, firstTokenDelayMs: 4_000 } });
    const { id } = await roost().api.createAgent(aPublicAgent({ inactivity_timeout: 1 }));
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('slow');

    await expect(chat.reply()).resolves.toMatchObject({ content: 'Finally.' });

    expect(await roost().api.status(id)).toMatchObject({ generation: 1 });
    expect(chat.ofType('status').map(({ state }) => state)).not.toContain('stopping');
    expect(roost().model.requests()).toHaveLength(1);
    await chat.close();
  });

  it('answer a message that comes in the moment they begin to stop', async () => {
    const rounds = 3;
    const agents = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        roost().api.createAgent(aPublicAgent({ name: `Racer ${index}`, inactivity_timeout: 1 })),
      ),
    );
    await Promise.all(
      agents.map(async ({ id }) => {
        const chat = await PlainChat.open(roost().origin, id);
        chat.say('0');
        for (let round = 1; round <= rounds; round += 1) {
          await chat.nth('message', round);
          // A message that a stopping runner has read already is answered by it, without another start.
          await chat.waitFor(() => isStopping(chat.ofType('status').at(-1)?.state));
          chat.say(String(round));
        }
        await chat.nth('message', rounds + 1);
        const { items } = await roost().api.messages(await chat.thread());
        expect(items.filter(({ role }) => role === 'assistant')).toHaveLength(rounds + 1);
        expect(items.every(({ status }) => status === 'done')).toBe(true);
        await chat.close();
      }),
    );
  });
});

const isStopping = (state: string | undefined): boolean => state === 'stopping' || state === 'stopped';
