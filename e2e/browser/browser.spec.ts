import { existsSync } from 'node:fs';
import { aPublicAgent } from '@roost/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { PageServer } from './page.server';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that is not this machine's own, for pages of strangers.
  '--host-resolver-rules=MAP stranger.test 127.0.0.1',
];

interface Received {
  type: string;
  content: string;
  message_object?: { role: string; content: string };
}
/** What the page keeps; the browser's globals are not this program's. */
interface PageGlobals {
  received: Received[];
  closes: number[];
  socket: { protocol: string; send(data: string): void };
  connect(url: string, protocols?: string[]): Promise<'open' | 'refused'>;
}

const missing =
  existsSync(CHROMIUM) || process.env['CI']
    ? ''
    : ` (skipped: ${CHROMIUM} is missing; install the Debian package chromium)`;

describe.skipIf(missing !== '')(`a page in a browser, served from another local port${missing}`, () => {
  const roost = useInstallation({ env: { CHAT_ALLOWED_ORIGINS: 'loopback' } });
  let pages: PageServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    pages = await PageServer.start();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    await pages.stop();
  });
  afterEach(() => page.close());

  const visit = async (host: string) => {
    page = await browser.newPage();
    await page.goto(`http://${host}:${pages.port}/`);
  };
  const address = (agent_id: string) => `${roost().origin.replace('http', 'ws')}/ws/agents/${agent_id}`;
  const connect = (url: string, protocols?: string[]) =>
    page.evaluate(([to, offered]) => (globalThis as unknown as PageGlobals).connect(to, offered), [
      url,
      protocols,
    ] as const);
  const say = (content: string) =>
    page.evaluate(
      (text) =>
        (globalThis as unknown as PageGlobals).socket.send(
          JSON.stringify({ type: 'message', content: text }),
        ),
      content,
    );
  const received = () => page.evaluate(() => (globalThis as unknown as PageGlobals).received);
  const untilReply = () =>
    page.waitForFunction(
      () => (globalThis as unknown as PageGlobals).received.some(({ type }) => type === 'message'),
      undefined,
      { timeout: 30_000 },
    );

  it('wakes a public agent, sees only the three types it knows, and is not echoed', async () => {
    roost().model.reply('Good day from the agent.');
    const { id } = await roost().api.createAgent(aPublicAgent());
    await visit('localhost');

    expect(await connect(address(id))).toBe('open');
    await say('hello');
    await untilReply();

    const frames = await received();
    expect(new Set(frames.map(({ type }) => type))).toEqual(new Set(['status', 'message']));
    expect(frames.every(({ content }) => typeof content === 'string')).toBe(true);
    expect(frames.filter(({ type }) => type === 'message')).toMatchObject([
      {
        content: 'Good day from the agent.',
        message_object: { role: 'assistant', content: 'Good day from the agent.' },
      },
    ]);
  });

  it('talks to a private agent with a chat token carried as a subprotocol, which is not echoed', async () => {
    roost().model.reply('Only for you.');
    const { id } = await roost().api.createAgent({ ...aPublicAgent(), access: { chat: 'private' } });
    const { token } = await roost().api.createChatToken(id, { user_id: 'ada' });
    await visit('127.0.0.1');

    expect(await connect(address(id), ['roost.v1', `roost.key.${token}`])).toBe('open');
    expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).socket.protocol)).toBe(
      'roost.v1',
    );
    await say('hello');
    await untilReply();
    expect((await received()).at(-1)).toMatchObject({ type: 'message', content: 'Only for you.' });
  });

  it('is closed with 4401 at a private agent without a credential', async () => {
    const { id } = await roost().api.createAgent({ ...aPublicAgent(), access: { chat: 'private' } });
    await visit('localhost');
    await connect(address(id));
    await page.waitForFunction(() => (globalThis as unknown as PageGlobals).closes.length > 0);
    expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).closes)).toEqual([4401]);
  });

  it('of a stranger is refused before its socket opens', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    await visit('stranger.test');
    expect(await connect(address(id))).toBe('refused');
  });
});
