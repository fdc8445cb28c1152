import type { HttpRequestTool } from '@roost/contracts';
import { aPublicAgent, PlainChat, signalGroup, until } from '@roost/testing';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

interface Call {
  url: string;
  key: string | undefined;
  answer: () => void;
}

/** What the tools call: it keeps every call waiting until the test answers it. */
class Shop {
  readonly calls: Call[] = [];
  private readonly server: Server = createServer((request, response: ServerResponse) => {
    const key = request.headers['idempotency-key'];
    this.calls.push({
      url: request.url ?? '',
      key: typeof key === 'string' ? key : undefined,
      answer: () => response.end(`done ${request.url ?? ''}`),
    });
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves with the `count`-th call once it has come. */
  nth(count: number): Promise<Call> {
    return until(`the shop is called ${count} times`, () => this.calls[count - 1], 30_000);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const shop = new Shop();
await shop.start();

const book = (): HttpRequestTool => ({
  type: 'http_request',
  name: 'book',
  description: 'Books a table.',
  method: 'POST',
  url: `http://${shop.host}/{table}`,
  headers: {},
  query: {},
  body: null,
  parameters: { type: 'object', properties: { table: { type: 'string' } }, required: ['table'] },
  timeout_s: 60,
  retries: 0,
  response_bytes_max: 10_000,
  idempotency_header: 'Idempotency-Key',
});

describe("a runner killed while it works with tools: a step's effect happens once,", () => {
  const roost = useInstallation({ env: { TOOL_ALLOWED_HOSTS: shop.host } });
  let chat: PlainChat | undefined;
  let agent = '';

  beforeAll(async () => {
    agent = (await roost().api.createAgent(aPublicAgent({ tools: [book()] }))).id;
  });
  beforeEach(async () => {
    shop.calls.length = 0;
    await chat?.close();
    // Each test ends with a reply, so no crash here follows another without one.
    await roost().api.start(agent);
    chat = await PlainChat.open(roost().origin, agent, { stream: 'tokens' });
  });
  afterAll(async () => {
    await chat?.close();
    shop.stop();
  });

  /** Sends a message on which the model calls the tool for these tables, then says so. */
  async function ask(...tables: string[]): Promise<PlainChat> {
    roost().model.callTools(
      tables.map((table) => ({ name: 'book', arguments: { table } })),
      { before: 'One moment.', after: 'All booked.' },
    );
    chat?.say(`Book ${tables.join(' and ')}.`);
    await shop.nth(tables.length);
    if (!chat) throw new Error('no chat');
    return chat;
  }

  async function killRunner(): Promise<void> {
    const { pid } = await roost().runners.of(agent);
    signalGroup(pid, 'SIGKILL');
  }

  /** Answers of tools that the manager has committed and no checkpoint has taken up yet. */
  async function storedAnswers(thread_id: string): Promise<number> {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const { rowCount } = await client.query(
        `SELECT DISTINCT w.task_id FROM checkpoint_writes w WHERE w.thread_id = $1 AND w.checkpoint_id =
           (SELECT max(c.checkpoint_id) FROM checkpoints c WHERE c.thread_id = $1)`,
        [thread_id],
      );
      return rowCount ?? 0;
    } finally {
      await client.end();
    }
  }

  const reply = 'One moment.\n\nAll booked.';
  const keys = () => shop.calls.map(({ url, key }) => `${url} ${key ?? ''}`);

  async function expectOneReply(heard: PlainChat): Promise<void> {
    const { message_object } = await heard.reply(undefined, 60_000);
    expect(message_object.content).toBe(reply);
    expect(heard.streamedText()).toBe(reply);
    const { items } = await roost().api.messages(await heard.thread());
    expect(items.filter(({ role }) => role === 'assistant')).toMatchObject([{ content: reply }]);
  }

  it('before the tool answered: it is called again with the same key', async () => {
    const heard = await ask('a');
    await killRunner();
    (await shop.nth(2)).answer();
    await expectOneReply(heard);
    expect(shop.calls).toHaveLength(2);
    expect(new Set(keys()).size).toBe(1);
    expect(shop.calls[0]?.key).toMatch(/^msg_\w+:0:0$/);
  });

  it("after the tool's answer was stored: it is not called again", async () => {
    const heard = await ask('a');
    let readings = 0;
    // The model keeps the first runner waiting when it has the tool's answer.
    roost().model.aimock.prependFixture({
      match: { endpoint: 'chat', predicate: ({ messages }) => messages.at(-1)?.role === 'tool' },
      response: () => {
        readings += 1;
        return readings === 1 ? new Promise(() => undefined) : { content: 'All booked.' };
      },
    });
    shop.calls[0]?.answer();
    await until('the model reads the answer', () => readings === 1, 20_000);
    await killRunner();
    await expectOneReply(heard);
    expect(shop.calls).toHaveLength(1);
    expect(readings).toBe(2);
  });

  it('with one of two calls answered: only the other is made again', async () => {
    const heard = await ask('a', 'b');
    shop.calls.find(({ url }) => url === '/a')?.answer();
    const thread_id = await heard.thread();
    await until('the answer is stored', async () => (await storedAnswers(thread_id)) === 1);
    await killRunner();
    const again = await shop.nth(3);
    expect(again.url).toBe('/b');
    again.answer();
    await expectOneReply(heard);
    expect(keys().filter((call) => call.startsWith('/a'))).toHaveLength(1);
    expect(new Set(keys()).size).toBe(2);
  });
});
