import { type HandoffRequest, type HandoffResponse, internalPaths } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { handoffTool } from './test/remote.tools';
import { RedisProcess } from './test/redis.process';
import { callsThenSays, toolAnswers, toolCall } from './test/scripted.tools';

let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(() => agent.destroy());

const userInfo = { type: 'user_info' as const, name: 'user_info', description: 'Who it is.' };
const authorize = {
  type: 'request_authorization' as const,
  name: 'authorize',
  description: 'Asks who it is.',
  fields: ['phone_number'],
  message: 'Please share your number.',
};

const answersRead = (): string[] => {
  const request = agent.model.getLastRequest()?.body;
  if (!request) throw new Error('the model was not asked');
  return toolAnswers(request as Parameters<typeof toolAnswers>[0]);
};

const requests = async (thread_id: string) =>
  (await agent.frames(thread_id)).filter(({ type }) => type === 'authorization_request');

describe('what is known of the user', () => {
  it('is what a trusted party vouched for, and never what a client claims', async () => {
    agent.configure(1, { tools: [userInfo] });
    callsThenSays(agent.model, [toolCall('user_info', {})], 'Hello Ada.');
    await agent.startRunner();
    const known = await agent.send('Who am I?', {
      user_id: 'customer-42',
      user_data: { first_name: 'Ada' },
      claimed: { user_data: { is_admin: true } },
    });
    await agent.reportOn(known);
    expect(answersRead()).toEqual([
      JSON.stringify({ channel: 'web', user_id: 'customer-42', user_data: { first_name: 'Ada' } }),
    ]);
    const stranger = await agent.send('And I?', { claimed: { user_id: 'customer-42' } });
    await agent.reportOn(stranger);
    expect(answersRead()).toEqual([expect.stringContaining('Nothing is known')]);
  });
});

describe('asking the user to authenticate', () => {
  beforeEach(async () => {
    agent.configure(1, { tools: [authorize] });
    callsThenSays(agent.model, [toolCall('authorize', {})], 'Please confirm.');
    await agent.startRunner();
  });

  it('is a frame to the channel, and the model learns that it has to wait', async () => {
    const message = await agent.send('My orders?', { claimed: { user_data: { is_authenticated: true } } });
    await agent.reportOn(message);
    expect(await requests(message.thread_id)).toEqual([
      {
        type: 'authorization_request',
        content: 'Please share your number.',
        message_id: message.message_id,
        fields: ['phone_number'],
      },
    ]);
    expect(answersRead()).toEqual([expect.stringContaining('was asked to confirm')]);
  });

  it('is not done again once a trusted channel has authenticated them', async () => {
    const message = await agent.send('My orders?', { user_data: { is_authenticated: true } });
    await agent.reportOn(message);
    expect(await requests(message.thread_id)).toEqual([]);
    expect(answersRead()).toEqual([expect.stringContaining('authenticated already')]);
  });
});

describe('a handoff', () => {
  const asked: HandoffRequest[] = [];
  const answers = vi.fn<() => HandoffResponse>();
  beforeEach(() => {
    asked.length = 0;
    answers.mockReset();
    agent.manager.handoff = (request) => {
      asked.push(request);
      return answers();
    };
    agent.configure(1, { tools: [handoffTool()] });
    callsThenSays(agent.model, [toolCall('ask_accounting', { message: 'Open invoices?' })], 'Two.');
  });

  it('asks the manager again, with the same key, until the other agent has answered', async () => {
    answers
      .mockReturnValueOnce({ status: 'pending' })
      .mockReturnValue({ status: 'done', content: 'Two are open.' });
    await agent.startRunner();
    const message = await agent.send('Do I owe anything?');
    await agent.reportOn(message);
    expect(asked).toHaveLength(2);
    for (const request of asked)
      expect(request).toMatchObject({
        message_id: message.message_id,
        tool: 'ask_accounting',
        message: 'Open invoices?',
        idempotency_key: `${message.message_id}:0:0`,
      });
    expect(answersRead()).toEqual(['Two are open.']);
  });

  it('that is refused or fails is something the model reads', async () => {
    answers.mockReturnValue({ status: 'failed', detail: 'The agent is disabled.' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Do I owe anything?'));
    expect(answersRead()).toEqual([expect.stringContaining('The agent is disabled.')]);
  });

  it('that ends while a person should have allowed something says so', async () => {
    agent.configure(1, { tools: [handoffTool({ timeout_s: 1 })] });
    answers.mockReturnValue({ status: 'pending', waits_for_approval: true });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Do I owe anything?'));
    expect(answersRead()).toEqual([expect.stringContaining('A person has to allow')]);
  });

  it('ends with its deadline, and the other agent is told', async () => {
    agent.configure(1, { tools: [handoffTool({ timeout_s: 1 })] });
    answers.mockReturnValue({ status: 'pending' });
    await agent.startRunner();
    await agent.reportOn(await agent.send('Do I owe anything?'));
    expect(answersRead()).toEqual([expect.stringContaining('within 1 seconds')]);
    expect(agent.manager.requestsTo(internalPaths.handoffCancels)).toHaveLength(1);
  });
});
