import { anAgent, until } from '@roost/testing';
import { expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const roost = useInstallation();

/** Says something and waits for the reply. @returns the thread. */
async function converse(agent: string, content: string, user_id: string, thread?: string): Promise<string> {
  const message = { content, user_id, ...(thread === undefined ? {} : { thread_id: thread }) };
  const { message_id, thread_id } = await roost().api.say(agent, message);
  await until('the reply is stored', async () =>
    (await roost().api.messages(thread_id)).items.some(({ in_reply_to }) => in_reply_to === message_id),
  );
  return thread_id;
}

it('what an erased user said is shown to no model again, though the agent that heard it still runs', async () => {
  const { id } = await roost().api.createAgent(anAgent());
  const thread_id = await converse(id, 'I am Emil.', 'emil');
  await converse(id, 'My secret is canary-4711.', 'dora', thread_id);
  await roost().api.call({ method: 'DELETE', path: '/users/dora' });
  roost().model.reset();
  await converse(id, 'What did she say?', 'emil', thread_id);
  const [asked] = await roost().model.waitForRequests(1);
  expect(JSON.stringify(asked?.messages)).toContain('What did she say?');
  expect(JSON.stringify(asked?.messages)).not.toContain('canary');
});
