import { anAgent, aPublicAgent } from '@roost/testing';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { findChromium, quietHeadless } from './chromium';

const program = findChromium();
const html = readFileSync(join(import.meta.dirname, 'page.fixture.html'), 'utf8');
const STRANGER = 'evil.test';

describe.skipIf(!program)('a page in a real browser, with nothing but its own WebSocket', () => {
  const roost = useInstallation({ env: { CHAT_ALLOWED_ORIGINS: 'loopback' } });
  let browser: Browser | undefined;
  let pages: Server;
  let port = 0;

  beforeAll(async () => {
    pages = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    port = (pages.address() as AddressInfo).port;
    browser = await chromium.launch({
      executablePath: program ?? '',
      args: [...quietHeadless, `--host-resolver-rules=MAP ${STRANGER} 127.0.0.1`],
      timeout: 60_000,
    });
  });

  afterAll(async () => {
    await browser?.close();
    pages.close();
    pages.closeAllConnections();
  });

  function newPage(): Promise<Page> {
    if (!browser) throw new Error('the browser has not been started');
    return browser.newPage();
  }

  /** The page of another local port, or of another host, talking to an agent. */
  async function open(agent: string, { host = 'localhost', token = '' } = {}): Promise<Page> {
    const page = await newPage();
    page.setDefaultTimeout(30_000);
    const socket = `${roost().origin.replace(/^http/, 'ws')}/ws/agents/${agent}`;
    const query = new URLSearchParams({ socket, ...(token ? { token } : {}) });
    await page.goto(`http://${host}:${port}/?${query.toString()}`);
    return page;
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.locator('#text').fill(text);
    await page.locator('button').click();
  }

  const shown = async (page: Page, kind: string): Promise<string[]> =>
    page.locator(`#log .${kind}`).allTextContents();

  it('chats with a public agent from another local port', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const page = await open(id);
    await say(page, 'Grüße aus dem Browser 🦜');

    await page.locator('#log .message').waitFor();

    expect(await shown(page, 'message')).toEqual(['You said: Grüße aus dem Browser 🦜']);
    expect((await shown(page, 'status')).length).toBeGreaterThan(1);
    await say(page, 'and again');
    await page.locator('#log .message').nth(1).waitFor();
    expect(
      new Set(await page.locator('#log li').evaluateAll((items) => items.map((item) => item.className))),
    ).toEqual(new Set(['open', 'status', 'message']));
    await page.close();
  });

  it('chats with a private agent by a chat token in the subprotocol, of which only roost.v1 comes back', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    const { token } = await roost().api.createChatToken(id, { user_id: 'ada' });
    const page = await open(id, { token });
    await say(page, 'it is me');

    await page.locator('#log .message').waitFor();

    expect(await shown(page, 'open')).toEqual(['roost.v1']);
    expect(await shown(page, 'message')).toEqual(['You said: it is me']);
    await page.close();
  });

  it('sees 4401 without a credential', async () => {
    const { id } = await roost().api.createAgent(anAgent());
    const page = await open(id);

    await page.locator('#log .close').waitFor();

    expect(await shown(page, 'close')).toEqual(['4401']);
    await page.close();
  });

  it('of a strange origin is refused before the socket opens, even with a good token', async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());
    const { token } = await roost().api.createChatToken(id, { user_id: 'ada' });
    for (const credential of ['', token]) {
      const page = await open(id, { host: STRANGER, token: credential });

      await page.locator('#log .close').waitFor();

      expect(await page.evaluate('location.hostname')).toBe(STRANGER);
      expect(await shown(page, 'open')).toEqual([]);
      expect(await shown(page, 'close')).toEqual(['1006']);
      await page.close();
    }
    expect(roost().manager.log()).toContain(`"origin":"http://${STRANGER}:${port}"`);
  });

  it('shows the documentation of the API, and Swagger UI runs under its content policy', async () => {
    const page = await newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });
    await page.goto(`${roost().origin}/docs`);

    await page.locator('#operations-agents-Agents_create, .opblock').first().waitFor();

    expect(failures).toEqual([]);
    await page.close();
  });
});
