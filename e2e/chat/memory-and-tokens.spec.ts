import { anAgent, until } from '@roost/testing';
import type { MessageDto, UsagePageDto, UserFactPageDto } from '@roost/contracts/rest';
import { describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const roost = useInstallation();

/** Says something, in a thread of its own where none is named, and waits until it has ended. */
async function converse(
  agent: string,
  content: string,
  user_id: string,
  thread?: string,
): Promise<MessageDto> {
  const message = { content, user_id, ...(thread === undefined ? {} : { thread_id: thread }) };
  const { message_id, thread_id } = await roost().api.say(agent, message);
  return until('the message has ended', async () => {
    const { items } = await roost().api.messages(thread_id);
    const reply = items.find(({ in_reply_to }) => in_reply_to === message_id);
    return reply ?? items.find(({ id, status }) => id === message_id && status === 'failed');
  });
}

const factsOf = async (user_id: string): Promise<string[]> => {
  const path = `/users/${user_id}/facts`;
  const { items } = await roost().api.call<UserFactPageDto>({ method: 'GET', path });
  return items.map(({ text }) => text);
};

/** What the model was shown with the last question. */
const shown = (): string => JSON.stringify(roost().model.requests().at(-1)?.messages);

describe('an agent with a memory of users', () => {
  it('knows a fact in every later thread of that user, and of no other, until the user is erased', async () => {
    const memory = { enabled: true, depth: 20, long_term: true };
    const { id } = await roost().api.createAgent(anAgent({ memory }));
    const fact = { name: 'remember_fact', arguments: { fact: 'Drinks green tea.' } };
    roost().model.callTools([fact], { before: '', after: 'Noted.' });
    expect(await converse(id, 'I drink green tea.', 'nora')).toMatchObject({ content: 'Noted.' });
    expect(await factsOf('nora')).toEqual(['Drinks green tea.']);

    roost().model.reset();
    await converse(id, 'What do I drink?', 'nora');
    expect(shown()).toContain('Drinks green tea.');
    await converse(id, 'What do I drink?', 'otto');
    expect(shown()).not.toContain('green tea');

    await roost().api.call({ method: 'DELETE', path: '/users/nora' });
    expect(await factsOf('nora')).toEqual([]);
    await converse(id, 'What do I drink?', 'nora');
    expect(shown()).not.toContain('green tea');
  });
});

describe('an agent with a running summary', () => {
  it('is shown notes of what its memory is too short for, and what they cost is booked', async () => {
    const memory = { enabled: true, depth: 2, summarize: true };
    const { id } = await roost().api.createAgent(anAgent({ memory }));
    roost().model.aimock.prependFixture({
      match: {
        endpoint: 'chat',
        predicate: ({ messages }) => JSON.stringify(messages[0]).includes('You keep the notes'),
      },
      response: { content: 'Her order is 4711.' },
    });
    const { thread_id } = await roost().api.say(id, { content: 'My order is 4711.', user_id: 'quinn' });
    for (const content of ['And tea?', 'Which order was it?'])
      await converse(id, content, 'quinn', thread_id);
    const asked = roost()
      .model.requests()
      .map(({ messages }) => JSON.stringify(messages))
      .filter((messages) => messages.includes('Which order was it?'));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('Her order is 4711.');
    expect(asked[0]).not.toContain('My order is 4711.');
    await until('the notes are booked', async () => {
      const { items } = await roost().api.call<UsagePageDto>({
        method: 'GET',
        path: `/usage?agent_id=${id}`,
      });
      return items.some(({ kind }) => kind === 'summarizing');
    });
  });
});

describe('an agent with a daily budget of tokens', () => {
  it('fails visibly once it is spent, also in its next instance; what it spent has a price', async () => {
    const agent = anAgent({ model: { name: 'priced-model' } });
    const { id } = await roost().api.createAgent(agent);
    const usage = () => roost().api.call<UsagePageDto>({ method: 'GET', path: `/usage?agent_id=${id}` });
    expect(await converse(id, 'Hello', 'pia')).toMatchObject({ role: 'assistant' });
    const spent = await until('the tokens are booked', async () => (await usage()).items[0]);
    expect(spent).toMatchObject({ kind: 'agent', model: 'priced-model', calls: 1, cost: null });

    await roost().api.patchAgent(id, { limits: { tokens_per_day: 1 } });
    const asked = roost().model.requests().length;
    for (const _instance of ['this', 'next']) {
      expect(await converse(id, 'And again?', 'pia')).toMatchObject({
        status: 'failed',
        error_code: 'budget_exhausted',
      });
      await roost().api.stop(id);
    }
    expect(roost().model.requests()).toHaveLength(asked);

    const prices = [{ model: 'priced-model', input_per_million: 1_000_000, output_per_million: 0 }];
    await roost().api.call({ method: 'PUT', path: '/prices', body: { currency: 'EUR', items: prices } });
    const { items, currency } = await usage();
    expect([items[0]?.cost, currency]).toEqual([spent.input_tokens, 'EUR']);
  });
});
