import type { HttpRequestTool } from '@roost/contracts';
import type { ApprovalDto, ApprovalPageDto } from '@roost/contracts/rest';
import { aPublicAgent, PlainChat, redisCli, signalGroup, SocketIoChat, until } from '@roost/testing';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

interface Call {
  url: string;
  key: string | undefined;
}

/** What the tool calls: it pays back what it is told to, unless a test makes it wait. */
class Bank {
  readonly calls: Call[] = [];
  answers = true;
  private readonly server: Server = createServer((request, response: ServerResponse) => {
    const key = request.headers['idempotency-key'];
    this.calls.push({ url: request.url ?? '', key: typeof key === 'string' ? key : undefined });
    if (this.answers) response.end('paid back');
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get urls(): string[] {
    return this.calls.map(({ url }) => url);
  }

  /** Forgets the calls, and drops those that wait. */
  reset(): void {
    this.server.closeAllConnections();
    this.calls.length = 0;
    this.answers = true;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const bank = new Bank();
await bank.start();

const refund = (): HttpRequestTool => ({
  type: 'http_request',
  name: 'refund',
  description: 'Pays an order back.',
  requires_approval: true,
  method: 'POST',
  url: `http://${bank.host}/{order_id}`,
  headers: {},
  query: {},
  body: null,
  parameters: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
  timeout_s: 60,
  retries: 0,
  response_bytes_max: 10_000,
  idempotency_header: 'Idempotency-Key',
});

const BEFORE = 'One moment.';
const AFTER = 'That is settled.';

describe('a call of a tool that requires approval', () => {
  const roost = useInstallation({
    env: {
      TOOL_ALLOWED_HOSTS: bank.host,
      AGENT_INACTIVITY_TIMEOUT: '600',
      AGENT_INACTIVITY_CHECK_INTERVAL: '1',
    },
  });
  const chats: { close: () => unknown }[] = [];

  beforeEach(() => bank.reset());
  afterEach(async () => {
    for (const chat of chats.splice(0)) await chat.close();
  });
  afterAll(() => bank.stop());

  const list = async (thread_id: string): Promise<ApprovalDto[]> =>
    (await roost().api.call<ApprovalPageDto>({ method: 'GET', path: `/threads/${thread_id}/approvals` }))
      .items;

  const decide = (thread_id: string, approval_id: string, body: object): Promise<ApprovalDto> =>
    roost().api.call({ method: 'POST', path: `/threads/${thread_id}/approvals/${approval_id}`, body });

  interface Asked {
    agent: string;
    chat: PlainChat;
    thread_id: string;
    approval_id: string;
  }

  /** An agent whose model wants to pay an order back, and waits for leave to do so. */
  async function ask(overrides: Parameters<typeof aPublicAgent>[0] = {}): Promise<Asked> {
    roost().model.callTools([{ name: 'refund', arguments: { order_id: '1042' } }], {
      before: BEFORE,
      after: AFTER,
    });
    const agent = (await roost().api.createAgent(aPublicAgent({ tools: [refund()], ...overrides }))).id;
    const chat = await PlainChat.open(roost().origin, agent, { stream: 'tokens' });
    chats.push(chat);
    chat.say('Pay order 1042 back.');
    const { approval_id, thread_id, tool, arguments: args } = await chat.nth('approval_request', 1, 40_000);
    expect({ tool, args }).toEqual({ tool: 'refund', args: { order_id: '1042' } });
    expect(bank.calls).toEqual([]);
    return { agent, chat, thread_id: thread_id ?? '', approval_id };
  }

  const statuses = async (thread_id: string) =>
    (await roost().api.messages(thread_id)).items.map(({ status }) => status);

  async function expectReply(thread_id: string, content = `${BEFORE}\n\n${AFTER}`): Promise<void> {
    const reply = await until(
      'the reply',
      async () => (await roost().api.messages(thread_id)).items.find(({ role }) => role === 'assistant'),
      60_000,
    );
    expect(reply.content).toBe(content);
    expect((await roost().api.messages(thread_id)).items).toHaveLength(2);
  }

  async function killRunner(agent: string): Promise<void> {
    const { pid } = await roost().runners.of(agent);
    signalGroup(pid, 'SIGKILL');
  }

  /** Moves time for one request. */
  async function endTimeOf(approval_id: string): Promise<void> {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    await client.query("UPDATE approvals SET expires_at = now() - interval '1 s' WHERE id = $1", [
      approval_id,
    ]);
    await client.end();
  }

  it('is made once it was approved over REST', async () => {
    const { chat, thread_id, approval_id } = await ask();
    expect(await statuses(thread_id)).toEqual(['paused']);
    expect(await decide(thread_id, approval_id, { decision: 'approve' })).toMatchObject({
      state: 'approved',
    });
    const { message_object } = await chat.reply(undefined, 40_000);
    expect(message_object.content).toBe(`${BEFORE}\n\n${AFTER}`);
    expect(chat.streamedText()).toBe(message_object.content);
    expect(bank.urls).toEqual(['/1042']);
    expect(chat.ofType('run').map(({ state }) => state)).toEqual([
      'started',
      'paused',
      'started',
      'completed',
    ]);
    expect(chat.ofType('approval_request')).toHaveLength(1);
  });

  it('is made with the arguments that were edited over a plain WebSocket', async () => {
    const { chat, thread_id, approval_id } = await ask();
    chat.sendRaw(
      JSON.stringify({ type: 'approval', approval_id, decision: 'edit', arguments: { order_id: '7' } }),
    );
    await chat.reply(undefined, 40_000);
    expect(bank.urls).toEqual(['/7']);
    expect(await list(thread_id)).toMatchObject([{ state: 'edited', edited_arguments: { order_id: '7' } }]);
  });

  it('is not made when it was rejected over Socket.IO, and the model is told why', async () => {
    const { agent, thread_id, approval_id } = await ask();
    const other = await SocketIoChat.open(roost().origin, agent, { thread_id });
    chats.push(other);
    const decision = { approval_id, decision: 'reject', reason: 'ask her first' };
    const acknowledged: unknown = await other.socket.timeout(15_000).emitWithAck('approval', decision);
    expect(acknowledged).toEqual({ approval_id, state: 'rejected' });
    await other.reply(undefined, 40_000);
    expect(bank.calls).toEqual([]);
    const told = roost().model.requests().at(-1)?.messages.at(-1);
    expect(told).toMatchObject({ role: 'tool', content: 'The call was rejected: ask her first' });
    const late: unknown = await other.socket
      .timeout(15_000)
      .emitWithAck('approval', { approval_id, decision: 'approve' });
    expect(late).toMatchObject({ error: { code: 'approval_decided' } });
  });

  it('is made though every process was killed, and Redis lost everything, before it was approved', async () => {
    const { thread_id, approval_id } = await ask();
    const { manager } = roost();
    await manager.kill();
    roost().runners.killAll();
    await redisCli(roost().redis.url, 'FLUSHALL');
    await roost().startAgain(manager);
    expect(await list(thread_id)).toMatchObject([{ id: approval_id, state: 'pending' }]);
    await decide(thread_id, approval_id, { decision: 'approve' });
    await expectReply(thread_id);
    expect(bank.urls).toEqual(['/1042']);
  });

  it('is made though every process was killed, and Redis lost everything, right after it was approved', async () => {
    const { thread_id, approval_id } = await ask();
    const { manager } = roost();
    await decide(thread_id, approval_id, { decision: 'approve' });
    roost().runners.killAll();
    await manager.kill();
    await redisCli(roost().redis.url, 'FLUSHALL');
    await roost().startAgain(manager);
    await expectReply(thread_id);
    expect(new Set(bank.calls.map(({ key }) => key)).size).toBe(1);
  });

  it('has one effect though the runner is killed in the middle of it: it is repeated with the same key', async () => {
    const { agent, thread_id, approval_id } = await ask();
    bank.answers = false;
    await decide(thread_id, approval_id, { decision: 'approve' });
    await until('the bank is called', () => bank.calls.length === 1, 40_000);
    bank.answers = true;
    await killRunner(agent);
    await expectReply(thread_id);
    expect(bank.calls).toHaveLength(2);
    expect(new Set(bank.calls.map(({ key }) => key)).size).toBe(1);
    expect(bank.calls[0]?.key).toMatch(/^msg_\w+:0:0$/);
  });

  it('counts as rejected when nobody decides in time', async () => {
    const { chat, thread_id, approval_id } = await ask();
    await endTimeOf(approval_id);
    await chat.reply(undefined, 40_000);
    expect(bank.calls).toEqual([]);
    expect(await list(thread_id)).toMatchObject([{ state: 'expired' }]);
    expect(roost().model.requests().at(-1)?.messages.at(-1)).toMatchObject({
      content: 'The call was rejected: nobody decided in time',
    });
  });

  it('is given up by a cancel, which keeps what was said; the thread goes on with the next message', async () => {
    const { chat, thread_id, approval_id } = await ask();
    chat.sendRaw(JSON.stringify({ type: 'cancel' }));
    const { message_object } = await chat.reply(undefined, 40_000);
    expect(message_object).toMatchObject({ content: BEFORE, interrupted: true });
    expect(await list(thread_id)).toMatchObject([{ id: approval_id, state: 'cancelled' }]);
    roost().model.reset();
    roost().model.reply('Never mind, then.');
    chat.say('Never mind.');
    expect((await chat.nth('message', 2, 40_000)).content).toBe('Never mind, then.');
    expect(bank.calls).toEqual([]);
  });

  it('lets its agent sleep; the decision wakes it, and what was said meanwhile is answered after it', async () => {
    const { agent, chat, thread_id, approval_id } = await ask({ inactivity_timeout: 1 });
    chat.say('Are you there?');
    await until(
      'the agent sleeps',
      async () => (await roost().api.status(agent)).state === 'stopped',
      40_000,
    );
    expect(await statuses(thread_id)).toEqual(['paused', 'accepted']);
    await decide(thread_id, approval_id, { decision: 'approve' });
    await chat.nth('message', 1, 40_000);
    // The second question makes the same model ask again.
    const again = await chat.nth('approval_request', 2, 40_000);
    await decide(thread_id, again.approval_id, { decision: 'reject' });
    await chat.nth('message', 2, 40_000);
    const asked = (await roost().api.messages(thread_id)).items.filter(({ role }) => role === 'user');
    expect(chat.ofType('message').map(({ message_object }) => message_object.in_reply_to)).toEqual(
      asked.map(({ id }) => id),
    );
    expect(bank.urls).toEqual(['/1042']);
  });
});
