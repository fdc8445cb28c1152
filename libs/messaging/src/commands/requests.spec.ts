import { COMMANDS_GROUP, ServiceError } from '@roost/contracts';
import { describe, expect, it, vi } from 'vitest';
import { CommandClient } from './command.client';
import { TAKEOVER_IDLE_MS } from './command.worker';
import { StreamTransportClient } from './stream-transport.client';
import { gate, statusOf, STREAM, TransportStage } from './stream-transport.suite';

const stage = new TransportStage();
const never = new Promise<never>(() => undefined);

/** Milliseconds since an entry was added, by the clock of Redis. */
async function ageOf(entry_id: string): Promise<number> {
  const [seconds] = await stage.raw.time();
  return Number(seconds) * 1_000 - Number(entry_id.split('-')[0]);
}

describe('a request', () => {
  it('is handled by exactly one of two replicas, 200 times, and answered each time', async () => {
    const handled: string[] = [];
    const busy: string[] = [];
    for (const name of ['left', 'right'])
      stage.replica({
        'telegram.status': ({ agent_id }) => {
          handled.push(agent_id);
          busy.push(name);
          return statusOf(agent_id);
        },
      });
    const client = stage.client();
    const agent_ids = Array.from({ length: 200 }, (_, index) => `agent_${index}`);
    const answers = await Promise.all(
      agent_ids.map((agent_id) => client.request('telegram.status', { agent_id })),
    );
    expect(answers.map(({ agent_id }) => agent_id)).toEqual(agent_ids);
    expect(handled.toSorted()).toEqual(agent_ids.toSorted());
    expect(new Set(busy)).toEqual(new Set(['left', 'right']));
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
  });

  it('waits while no replica is up, and is answered by the first that comes', async () => {
    const asked = stage.client().request('telegram.status', { agent_id: 'a' });
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(1));
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    expect(await asked).toEqual(statusOf('a'));
  });

  it('that nobody answers in time is refused with the service named, and not begun afterwards', async () => {
    const client = stage.client();
    await expect(
      client.request('telegram.start', { agent_id: 'late' }, { wait_ms: 200 }),
    ).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringMatching(
        /^telegram has not answered telegram\.start within 0\.2 s: see that it runs/,
      ),
    });
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
    const handled: string[] = [];
    stage.replica({
      'telegram.start': ({ agent_id }) => {
        handled.push(agent_id);
        return statusOf(agent_id);
      },
    });
    await client.request('telegram.start', { agent_id: 'in time' });
    expect(handled).toEqual(['in time']);
  });

  it('whose deadline has passed is acknowledged and not begun, also when its client is gone', async () => {
    const reply_to = { client_id: 'client-gone', request_id: 'r1' };
    const entry = { pattern: 'telegram.status', data: { agent_id: 'late' }, life_ms: 1, reply_to };
    const id = (await stage.add(JSON.stringify(entry))) ?? '';
    await vi.waitFor(async () => expect(await ageOf(id)).toBeGreaterThan(1));
    const handled: string[] = [];
    stage.replica({
      'telegram.status': ({ agent_id }) => {
        handled.push(agent_id);
        return statusOf(agent_id);
      },
    });
    await stage.client().request('telegram.status', { agent_id: 'in time' });
    expect(handled).toEqual(['in time']);
    expect(await stage.raw.xlen(STREAM)).toBe(0);
    expect(stage.rejected).toEqual([]);
  });

  it('of a replica that died while it was at work is handled by another', async () => {
    await stage.raw.xgroup('CREATE', STREAM, COMMANDS_GROUP, '0', 'MKSTREAM');
    const asked = stage.client().request('telegram.status', { agent_id: 'a' }, { wait_ms: 25_000 });
    await vi.waitFor(async () =>
      expect(
        await stage.raw.xreadgroup('GROUP', COMMANDS_GROUP, 'dead', 'COUNT', 1, 'STREAMS', STREAM, '>'),
      ).not.toBeNull(),
    );
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    expect(await asked).toEqual(statusOf('a'));
  });

  it('is not taken from a replica that is slow but alive', async () => {
    const { opened, open } = gate();
    let handled = 0;
    const handlers = {
      'telegram.status': async ({ agent_id }: { agent_id: string }) => {
        handled += 1;
        await opened;
        return statusOf(agent_id);
      },
    };
    stage.replica(handlers);
    stage.replica(handlers);
    const asked = stage.client().request('telegram.status', { agent_id: 'a' }, { wait_ms: 25_000 });
    await vi.waitFor(() => expect(handled).toBe(1));
    const [[id]] = (await stage.raw.xrange(STREAM, '-', '+')) as [[string, string[]]];
    await vi.waitFor(async () => expect(await ageOf(id)).toBeGreaterThan(TAKEOVER_IDLE_MS + 3_000), 15_000);
    expect(handled).toBe(1);
    open();
    expect(await asked).toEqual(statusOf('a'));
  });

  it('is begun only when fewer than the limit are under way', async () => {
    const { opened, open } = gate();
    let [now, most] = [0, 0];
    stage.replica(
      {
        'telegram.status': async ({ agent_id }) => {
          now += 1;
          most = Math.max(most, now);
          await opened;
          now -= 1;
          return statusOf(agent_id);
        },
      },
      { concurrency: 3 },
    );
    const client = stage.client();
    const asked = Array.from({ length: 20 }, () => client.request('telegram.status', { agent_id: 'a' }));
    await vi.waitFor(async () => {
      expect(now).toBe(3);
      expect(await stage.raw.xlen(STREAM)).toBe(20);
    });
    open();
    await Promise.all(asked);
    expect(most).toBe(3);
  });

  it('is refused, and nothing dropped, when the stream is full', async () => {
    const client = stage.client(2);
    const asked = ['a', 'b'].map((agent_id) => client.request('telegram.status', { agent_id }));
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(2));
    await expect(client.request('telegram.status', { agent_id: 'c' })).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringContaining('Too much waits for telegram'),
    });
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    expect((await Promise.all(asked)).map(({ agent_id }) => agent_id)).toEqual(['a', 'b']);
  });

  it('goes through after Redis was flushed in between', async () => {
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    const client = stage.client();
    for (const agent_id of ['a', 'b', 'c']) {
      expect(await client.request('telegram.status', { agent_id })).toEqual(statusOf(agent_id));
      await stage.raw.flushall();
    }
  });

  it('goes through again after every connection was cut', async () => {
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    const client = stage.client();
    await client.request('telegram.status', { agent_id: 'a' });
    await stage.raw.client('KILL', 'TYPE', 'normal');
    await vi.waitFor(async () =>
      expect(await client.request('telegram.status', { agent_id: 'b' })).toEqual(statusOf('b')),
    );
  });

  it('fails at once, not at its deadline, while Redis is away', async () => {
    const client = new CommandClient({
      redis: { url: 'redis://127.0.0.1:1', name: 'manager' },
      onError: () => undefined,
    });
    await expect(
      client.request('telegram.status', { agent_id: 'a' }, { wait_ms: 600_000 }),
    ).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringContaining('Redis does not answer'),
    });
    await client.close();
  });

  it('of a client that closes is refused with shutting_down', async () => {
    const client = stage.client();
    const asked = client.request('telegram.status', { agent_id: 'a' });
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(1));
    const refused = expect(asked).rejects.toMatchObject({ code: 'shutting_down' });
    await client.close();
    await refused;
  });

  it('of no command of the map is refused before it is sent', async () => {
    const proxy = new StreamTransportClient({
      redis: { url: stage.url, name: 'manager' },
      onError: () => undefined,
    });
    await expect(
      new Promise((resolve, reject) =>
        proxy.send('telegram.dance', {}).subscribe({ next: resolve, error: reject }),
      ),
    ).rejects.toThrow('"telegram.dance" is no request of the map of commands');
    await proxy.close();
  });
});

describe('a handler', () => {
  const ask = () => stage.client().request('telegram.status', { agent_id: 'a' });

  it('that throws a ServiceError tells its code, detail and extras to the caller', async () => {
    stage.replica({
      'telegram.status': () => {
        throw new ServiceError('agent_not_found', 'Create it first.', { retry_after_s: 3 });
      },
    });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      code: 'agent_not_found',
      detail: 'Create it first.',
      extras: { retry_after_s: 3 },
    });
    expect(stage.errors).toEqual([]);
  });

  it('that fails otherwise tells nothing of it to the caller, and all to the operator', async () => {
    const secret = new Error('the token is 12:AB');
    stage.replica({
      'telegram.status': () => {
        throw secret;
      },
    });
    const error = (await ask().catch((thrown: unknown) => thrown)) as ServiceError;
    expect(error).toMatchObject({ code: 'internal_error' });
    expect(JSON.stringify([error, error.message])).not.toContain('12:AB');
    expect(stage.errors[0]).toMatchObject({
      message: 'The handler of telegram.status failed.',
      cause: secret,
    });
  });

  it('that answers what does not fit is a failure of its service', async () => {
    stage.replica({ 'telegram.status': () => ({ agent_id: 'a' }) });
    await expect(ask()).rejects.toMatchObject({ code: 'internal_error' });
    expect(stage.errors).toHaveLength(1);
  });

  it('that does not exist is named to the caller', async () => {
    stage.replica({ 'telegram.start': () => never });
    await expect(ask()).rejects.toMatchObject({
      code: 'dependency_unavailable',
      detail: expect.stringContaining('telegram does not know the command telegram.status'),
    });
    expect(stage.rejected).toMatchObject([{ reason: 'no handler for telegram.status' }]);
  });

  it('that outlives the deadline is told by its signal, reported, and makes room for others', async () => {
    const signals: AbortSignal[] = [];
    stage.replica(
      {
        'telegram.start': (_data, { signal }) => {
          signals.push(signal);
          return never;
        },
        'telegram.status': ({ agent_id }) => statusOf(agent_id),
      },
      { concurrency: 1, drain_ms: 100 },
    );
    const client = stage.client();
    await expect(client.request('telegram.start', { agent_id: 'a' }, { wait_ms: 2_000 })).rejects.toThrow();
    expect(await client.request('telegram.status', { agent_id: 'b' })).toEqual(statusOf('b'));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(stage.errors.map(({ message }) => message)).toEqual([
      'The handler of telegram.start did not end by its deadline; it should heed its signal.',
    ]);
  });
});

describe('a replica that closes', () => {
  it('finishes what is under way, and takes nothing more', async () => {
    const { opened, open } = gate();
    const begun: string[] = [];
    const server = stage.replica({
      'telegram.status': async ({ agent_id }) => {
        begun.push(agent_id);
        await opened;
        return statusOf(agent_id);
      },
    });
    const client = stage.client();
    const asked = client.request('telegram.status', { agent_id: 'first' });
    await vi.waitFor(() => expect(begun).toEqual(['first']));
    const closed = server.close();
    // Its last read ends a second after it began.
    await vi.waitFor(async () =>
      expect(await stage.raw.client('LIST')).not.toMatch(/name=gateway.*flags=b /),
    );
    const second = client.request('telegram.status', { agent_id: 'second' }, { wait_ms: 300 });
    open();
    expect(await asked).toEqual(statusOf('first'));
    await closed;
    await expect(second).rejects.toThrow('has not answered');
    expect(begun).toEqual(['first']);
  });

  it('leaves what does not end in time to others, and tells the handler', async () => {
    const signals: AbortSignal[] = [];
    const server = stage.replica(
      {
        'telegram.status': (_data, { signal }) => {
          signals.push(signal);
          return never;
        },
      },
      { drain_ms: 100 },
    );
    const asked = stage.client().request('telegram.status', { agent_id: 'a' }, { wait_ms: 25_000 });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    await server.close();
    expect(signals[0]?.aborted).toBe(true);
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    expect(await asked).toEqual(statusOf('a'));
  });
});

describe('what is no command', () => {
  it('is set aside and told, and what comes after it is handled', async () => {
    await stage.add('nonsense');
    await stage.add('{"pattern":7}');
    await stage.add(JSON.stringify({ pattern: 'telegram.dance', data: {}, life_ms: 60_000, reply_to: null }));
    stage.replica({ 'telegram.status': ({ agent_id }) => statusOf(agent_id) });
    expect(await stage.client().request('telegram.status', { agent_id: 'a' })).toEqual(statusOf('a'));
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
    expect(stage.rejected.map(({ entry_ids, reason }) => [entry_ids.length, reason])).toEqual([
      [2, 'not an entry of this transport'],
      [1, 'no handler for telegram.dance'],
    ]);
  });

  it('because its request does not fit reaches no handler, and its caller is told', async () => {
    const reply_to = { client_id: 'client-1', request_id: 'r1' };
    const entry = { pattern: 'telegram.status', data: { agent_id: 7 }, life_ms: 60_000, reply_to };
    await stage.add(JSON.stringify(entry));
    let handled = 0;
    stage.replica({ 'telegram.status': () => (handled += 1) });
    await vi.waitFor(async () => expect(await stage.raw.xlen('roost:replies:client-1')).toBe(1));
    const [[, [, json]]] = (await stage.raw.xrange('roost:replies:client-1', '-', '+')) as [
      [string, string[]],
    ];
    expect(JSON.parse(json ?? '')).toMatchObject({
      request_id: 'r1',
      outcome: { type: 'refused', code: 'validation_failed' },
    });
    expect(await stage.raw.pttl('roost:replies:client-1')).toBeGreaterThan(0);
    expect(handled).toBe(0);
    expect(stage.rejected).toMatchObject([{ reason: 'does not fit telegram.status' }]);
  });
});
