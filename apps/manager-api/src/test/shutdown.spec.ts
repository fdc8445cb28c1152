import { PlainChat, SocketIoChat, SseReader } from '@roost/testing';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessagesRepository } from '../chat/messages.repository';
import { Reconciler } from '../lifecycle/reconciler.service';
import { ManagerHarness } from './manager.harness';

describe('a manager that shuts down', () => {
  let manager: ManagerHarness;
  let origin: string;
  let agent: string;
  let release: () => void;
  let accepting: Promise<void>;
  beforeEach(async () => {
    manager = await ManagerHarness.start();
    origin = `http://127.0.0.1:${manager.manager.public_port}`;
    agent = await manager.agent({ access: { chat: 'public' } });
  });
  afterEach(async () => {
    release();
    await manager.stop();
  });

  /** Messages are held while they are committed, until `release`. */
  beforeEach(() => {
    const messages = manager.manager.app.get(MessagesRepository);
    const accept = messages.accept.bind(messages);
    const released = new Promise<void>((resolve) => (release = resolve));
    accepting = new Promise((resolve) => {
      vi.spyOn(messages, 'accept').mockImplementation(async (...args) => {
        resolve();
        await released;
        return accept(...args);
      });
    });
  });

  const get = (path: string, agentOfConnections?: Agent) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const call = request(
        `${origin}${path}`,
        { agent: agentOfConnections, headers: { authorization: `Bearer ${manager.key}` } },
        (answer) => {
          let body = '';
          answer.on('data', (part) => (body += String(part)));
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        },
      );
      call.on('error', reject);
      call.end();
    });

  it('acknowledges the message it was accepting, refuses later ones, and closes with 1012', async () => {
    const chat = await SocketIoChat.open(origin, agent);
    const first = chat.say('in the middle');
    await accepting;
    const closing = manager.manager.close();
    await expect.poll(() => chat.say('too late')).toMatchObject({ error: { code: 'shutting_down' } });
    release();
    expect(await first).toMatchObject({ message_id: expect.any(String) as string });
    expect(await chat.closed).toMatchObject({ code: 1012 });
    await closing;
  });

  it('is not ready any more, refuses new requests and sockets, and ends what it began', async () => {
    const begun = manager.call('POST', `/agents/${agent}/messages`, { content: 'begun before' });
    const held = await SocketIoChat.open(origin, agent);
    void held.say('holds the sockets open').catch(() => undefined);
    await accepting;
    const closing = manager.manager.close();

    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('shutting_down') as string,
    });
    expect((await get('/livez')).status).toBe(200);
    expect(await get('/agents')).toMatchObject({
      status: 503,
      body: expect.stringContaining('shutting_down') as string,
    });
    expect(await PlainChat.refusal(origin, agent)).toMatchObject({
      status: 503,
      body: { code: 'shutting_down' },
    });
    release();
    expect((await begun).status).toBe(202);
    await closing;
  });

  it('ends event streams and says when to come back', async () => {
    release();
    const { body } = await manager.call('POST', `/agents/${agent}/messages`, { content: 'hello' });
    const headers = { authorization: `Bearer ${manager.key}` };
    const answer = await fetch(`${origin}/threads/${body.thread_id}/events`, { headers });
    const text = answer.text();
    await manager.manager.close();
    expect(await text).toMatch(/^retry: \d+$/m);
  });

  it('ends the stream of a run whose message it was accepting, with its ids', async () => {
    const opening = SseReader.open(`${origin}/agents/${agent}/messages`, {
      method: 'POST',
      key: manager.key,
      body: { content: 'hello' },
    });
    await accepting;
    const closing = manager.manager.close();
    release();
    const reader = await opening;
    await reader.ended;
    expect(reader.events[0]).toMatchObject({ event: 'accepted' });
    await closing;
  });
});

it('a manager that shuts down ends the launches it began before it lets go of the platform', async () => {
  const manager = await ManagerHarness.start();
  const { app } = manager.manager;
  const agent = await manager.agent();
  const order: string[] = [];
  const closingBegins = new Promise<void>((resolve) => {
    const reconciler = app.get(Reconciler);
    const shutDown = reconciler.beforeApplicationShutdown.bind(reconciler);
    vi.spyOn(reconciler, 'beforeApplicationShutdown').mockImplementation(() => {
      setImmediate(resolve);
      return shutDown();
    });
  });
  const { launcher } = manager;
  const [launch, close] = [launcher.launch.bind(launcher), launcher.close.bind(launcher)];
  const launching = new Promise<void>((resolve) => {
    vi.spyOn(launcher, 'launch').mockImplementation(async (spec) => {
      resolve();
      await closingBegins;
      await launch(spec);
      order.push('launched');
    });
  });
  vi.spyOn(launcher, 'close').mockImplementation(() => {
    order.push('let go');
    return close();
  });
  await manager.call('POST', `/agents/${agent}/start`);
  await launching;
  await manager.stop();
  expect(order).toEqual(['launched', 'let go']);
});
