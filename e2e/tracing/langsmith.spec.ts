import { aPublicAgent, environmentOf, LangSmithReceiver, PlainChat, until } from '@roost/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const receiver = await LangSmithReceiver.start();
afterAll(() => receiver.stop());
const variables = {
  LANGSMITH_API_KEY: 'ls-canary-key',
  LANGSMITH_ENDPOINT: receiver.endpoint,
  LANGSMITH_PROJECT: 'a-project',
};

describe('LangSmith, by its variables on the manager', () => {
  const roost = useInstallation({
    env: { ...variables, LANGSMITH_TRACING: 'true', LANGSMITH_HIDE_OUTPUTS: 'true', LOG_LEVEL: 'trace' },
  });

  it('is told of runs by their runners, which alone have the key, and in memory', async () => {
    const { id: agent } = await roost().api.createAgent(aPublicAgent());
    roost().model.reply('An answer for nobody else');
    const chat = await PlainChat.open(roost().origin, agent);
    chat.say('A question for LangSmith');
    await chat.reply();
    await until('LangSmith was told', () => receiver.bodies.includes('A question for LangSmith'), 20_000);
    expect(receiver.bodies).toContain('"session_name":"a-project"');
    expect(receiver.bodies).not.toContain('An answer for nobody else');
    expect([...receiver.keys]).toEqual(['ls-canary-key']);

    const { pid } = await roost().runners.of(agent);
    expect(environmentOf(pid)).toContain(`AGENT_ID=${agent}`);
    expect(environmentOf(pid).join()).not.toContain('ls-canary-key');
    expect(roost().logs()).not.toContain('ls-canary-key');
    await chat.close();
  });
});
