import { LauncherUnavailableError, type MemoryInstance } from '@roost/launcher';
import { SseReader, until } from '@roost/testing';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { LogsService } from './logs.service';

const FOLLOWERS = 3;
const BYTES = 40_000_000;

describe('the log of an agent', () => {
  let manager: ManagerHarness;
  let origin: string;
  beforeAll(async () => {
    manager = await ManagerHarness.start({
      LOG_FOLLOWERS_MAX: String(FOLLOWERS),
      LOG_FOLLOW_BYTES_MAX: String(BYTES),
    });
    origin = `http://127.0.0.1:${manager.manager.public_port}`;
  });
  afterAll(() => manager.stop());

  const running = async (): Promise<{ id: string; instance: MemoryInstance }> => {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const { INSTANCE_ID } = await manager.environment(id);
    return { id, instance: manager.launcher.instance(INSTANCE_ID) };
  };
  const asText = async (path: string, key = manager.key): Promise<Response> => {
    const leaving = new AbortController();
    onTestFinished(() => leaving.abort());
    return fetch(`${origin}${path}`, {
      headers: { accept: 'text/plain', authorization: `Bearer ${key}` },
      signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(15_000)]),
    });
  };
  const followed = async (id: string, tail = 10): Promise<SseReader> => {
    const reader = await SseReader.open(`${origin}/agents/${id}/logs?follow=true&tail=${tail}`, {
      key: manager.key,
    });
    onTestFinished(() => reader.close());
    return reader;
  };
  const linesOf = ({ events }: SseReader): unknown[] =>
    events.filter(({ event }) => event === 'line').map(({ data }) => (data as { line: string }).line);
  const nobodyFollows = (): Promise<unknown> =>
    until('nobody follows', () => manager.manager.app.get(LogsService).following === 0);

  it('is JSON, or plain text for who asks for that', async () => {
    const { id, instance } = await running();
    for (const line of ['one', 'two', 'three']) instance.log(line);
    const instance_id = instance.spec.instance_id;
    expect((await manager.call('GET', `/agents/${id}/logs?tail=2`)).body).toEqual({
      instance_id,
      lines: ['two', 'three'],
    });
    const text = await asText(`/agents/${id}/logs?tail=2`);
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.headers.get('x-instance-id')).toBe(instance_id);
    expect(await text.text()).toBe('two\nthree\n');
  });

  it('followed as text is a stream of lines that ends with the instance', async () => {
    const { id, instance } = await running();
    instance.log('before');
    const answer = await asText(`/agents/${id}/logs?follow=true&tail=1`);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    instance.log('größer');
    instance.exit(0);
    expect(await answer.text()).toBe('before\ngrößer\n');
    await nobodyFollows();
  });

  it('followed as text is held by a socket that notices a reader who is gone', async () => {
    const { id } = await running();
    const kept = vi.spyOn(Socket.prototype, 'setKeepAlive');
    onTestFinished(() => kept.mockRestore());
    await asText(`/agents/${id}/logs?follow=true`);
    expect(kept).toHaveBeenCalledWith(true, 15_000);
  });

  it('followed as events comes line by line, and says why it ended', async () => {
    const { id, instance } = await running();
    const reader = await followed(id);
    instance.log('{"msg":"ready"}');
    await until('the line is there', () => reader.events.length === 1);
    expect(reader.events).toEqual([{ event: 'line', id: undefined, data: { line: '{"msg":"ready"}' } }]);
    instance.exit(1);
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'instance_ended' } });
  });

  it('ends with its agent', async () => {
    const { id } = await running();
    const reader = await followed(id);
    expect((await manager.call('DELETE', `/agents/${id}`)).status).toBe(204);
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'instance_ended' } });
  });

  it('of an agent without an instance is empty as JSON, and otherwise a problem that names the remedy', async () => {
    const id = await manager.agent();
    expect((await manager.call('GET', `/agents/${id}/logs`)).body).toEqual({ instance_id: null, lines: [] });
    for (const path of [`/agents/${id}/logs`, `/agents/${id}/logs?follow=true`]) {
      const refused = await asText(path);
      expect(refused.status).toBe(404);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(await refused.json()).toMatchObject({
        code: 'instance_not_found',
        detail: expect.stringContaining(`POST /agents/{agent_id}/start`),
      });
    }
  });

  it.each([
    ['?tail=0', 'tail'],
    ['?tail=10001', 'tail'],
    ['?follow=yes', 'follow'],
    ['?since=1', 'since'],
  ])('with %s is refused, naming the parameter', async (query, field) => {
    const { body, status } = await manager.call('GET', `/agents/${await manager.agent()}/logs${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field }] });
  });

  it('needs the scope agents:read, followed or not, and an agent that is there', async () => {
    const { id } = await running();
    const { body } = await manager.call('POST', '/api-keys', { name: 'narrow', scopes: ['agents:run'] });
    expect((await asText(`/agents/${id}/logs?follow=true`, body.key)).status).toBe(403);
    expect((await asText(`/agents/${id}/logs?follow=true`, 'roost_wrong')).status).toBe(401);
    expect(await (await asText('/agents/agent_none_ab12/logs?follow=true')).json()).toMatchObject({
      code: 'agent_not_found',
    });
  });

  it('is followed by no more than the limit; who leaves makes room', async () => {
    const { id } = await running();
    await nobodyFollows();
    const readers = await Promise.all(Array.from({ length: FOLLOWERS }, () => followed(id)));
    const refused = await asText(`/agents/${id}/logs?follow=true`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({
      code: 'too_many_requests',
      detail: expect.stringContaining('LOG_FOLLOWERS_MAX'),
    });
    readers[0]?.close();
    await until('there is room', async () => {
      const answer = await asText(`/agents/${id}/logs?follow=true`);
      return answer.status === 200;
    });
  });

  it('ends with the credential that opened it', async () => {
    const { id } = await running();
    const { body } = await manager.call('POST', '/api-keys', { name: 'short', scopes: ['agents:read'] });
    const reader = await SseReader.open(`${origin}/agents/${id}/logs?follow=true`, { key: body.key });
    onTestFinished(() => reader.close());
    await manager.call('DELETE', `/api-keys/${body.id}`);
    await manager.manager.app.get(LogsService).recheck();
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'unauthorized' } });
  });

  it('does not grow in the manager while its reader does not read, and loses nothing', async () => {
    const { id, instance } = await running();
    const lines = 9_000;
    for (let line = 1; line <= lines; line += 1) instance.log(`${line} ${'x'.repeat(3_000)}`);
    const taken = vi.spyOn(instance, 'follow');
    const asked = { lines: 0 };
    taken.mockImplementation(async function* (this: MemoryInstance, tail, signal) {
      taken.mockRestore();
      for await (const line of instance.follow(tail, signal)) {
        asked.lines += 1;
        yield line;
      }
    });
    const socket = await unread(`/agents/${id}/logs?follow=true&tail=10000`);
    // It stands still when nothing more was taken between two looks.
    let before = -1;
    await until('it waits for its reader', () => {
      const still = asked.lines > 0 && asked.lines === before;
      before = asked.lines;
      return still;
    });
    expect(asked.lines).toBeLessThan(lines);

    let text = '';
    socket
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
      .resume();
    instance.exit(0);
    await once(socket, 'close');
    expect([...text.matchAll(/^(\d+) x+\r?$/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: lines }, (_, index) => index + 1),
    );
  });

  it('ends after as many bytes as it may have, and says so', async () => {
    const { id, instance } = await running();
    const line = 'x'.repeat(BYTES / 100);
    for (let count = 0; count < 150; count += 1) instance.log(line);
    const reader = await followed(id, 1000);
    await reader.ended;
    expect(linesOf(reader)).toHaveLength(100);
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'limit_reached' } });
  });

  it('ends as unavailable when the platform cannot be asked any more', async () => {
    const { id, instance } = await running();
    vi.spyOn(instance, 'follow').mockImplementation(async function* () {
      await Promise.resolve();
      throw new LauncherUnavailableError('cut');
    });
    const reader = await followed(id);
    await reader.ended;
    expect(reader.events).toMatchObject([{ event: 'end', data: { reason: 'unavailable' } }]);
    // Text that is cut off does not look whole.
    const answer = await asText(`/agents/${id}/logs?follow=true`);
    await expect(answer.text()).rejects.toThrow();
  });

  it('that breaks in an unforeseen way is cut off, and leaves no timer', async () => {
    const { id, instance } = await running();
    vi.spyOn(instance, 'follow').mockImplementation(async function* () {
      await Promise.resolve();
      throw new Error('unforeseen');
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const answer = await asText(`/agents/${id}/logs?follow=true`);
    await expect(answer.text()).rejects.toThrow();
    await until('no timer is left', () => vi.getTimerCount() === 0);
  });

  it('ends when its manager shuts down', async () => {
    const { id } = await running();
    const reader = await followed(id);
    manager.manager.app.get(LogsService).endAll();
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'shutting_down' } });
  });

  /** A client that asks and reads nothing until it is told to. */
  async function unread(path: string): Promise<Socket> {
    const socket = connect(manager.manager.public_port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.pause();
    // HTTP/1.0: the body is the connection's rest, without chunks.
    socket.write(`GET ${path} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${manager.key}\r\n\r\n`);
    return socket;
  }
});
