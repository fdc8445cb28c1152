import { Messaging } from '@roost/messaging';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ManagerHarness } from '../test/manager.harness';
import { ScrapedMetrics } from '../test/use.metrics';
import { UsageRepository } from '../usage/usage.repository';

let manager: ManagerHarness;
const metrics = new ScrapedMetrics(() => manager);
beforeAll(async () => {
  manager = await ManagerHarness.start({ STARTING_AGENTS_MAX: '1' });
});
afterAll(() => manager.stop());

const requests = (method: string, route: string, status_class: string): string =>
  `roost_http_requests_total{method="${method}",route="${route}",status_class="${status_class}"}`;

/** What earlier tests left behind takes no place any more. */
const nobodyWorks = async (): Promise<void> => {
  await manager.database.query(`UPDATE messages SET status = 'done'`);
  await manager.database.query(
    `UPDATE instances SET ended_at = now(), state = 'ended' WHERE ended_at IS NULL`,
  );
};

describe('requests', () => {
  it('are counted and timed by the route they took', async () => {
    const agent = await manager.agent();
    await manager.call('GET', `/agents/${agent}`);
    await manager.call('GET', '/agents/agent_nobody_0000');
    await metrics.until(requests('GET', '/agents/:agent_id', '2xx'), 1);
    await metrics.until(requests('GET', '/agents/:agent_id', '4xx'), 1);
    const timed =
      'roost_http_request_duration_seconds_count{method="GET",route="/agents/:agent_id",status_class="2xx"}';
    expect(await metrics.value(timed)).toBe(1);
    expect(await metrics.text()).not.toContain(agent);
  });

  it('that no route took have one name, whatever their path and method', async () => {
    await manager.call('GET', '/made/up');
    await manager.call('GET', '/made/up/too');
    await metrics.until(requests('GET', 'unmatched', '4xx'), 2);
    await fetch(`http://127.0.0.1:${manager.manager.public_port}/made/up`, { method: 'PROPFIND' });
    await metrics.until(requests('other', 'unmatched', '4xx'), 1);
  });
});

describe('connections that stay', () => {
  const closing: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  const open = (kind: string): string => `roost_connections_open{kind="${kind}"}`;
  const refused = (kind: string, code: string): string =>
    `roost_connections_refused_total{kind="${kind}",error_code="${code}"}`;
  const origin = (): string => `127.0.0.1:${manager.manager.public_port}`;

  it('are counted by kind while they are open', async () => {
    const agent = await manager.agent({ access: { chat: 'public' } });
    const plain = new WebSocket(`ws://${origin()}/ws/agents/${agent}`);
    const socket_io = io(`http://${origin()}/agents`, {
      transports: ['websocket'],
      auth: { agent_id: agent },
      reconnection: false,
    });
    const leaving = new AbortController();
    closing.push(
      () => plain.terminate(),
      () => socket_io.close(),
      () => leaving.abort(),
    );
    await metrics.until(open('websocket'), 1);
    await metrics.until(open('socket_io'), 1);

    const { body } = await manager.call('POST', `/agents/${agent}/messages`, { content: 'Hello' });
    const events = await fetch(`http://${origin()}/threads/${body.thread_id}/events`, {
      headers: { authorization: `Bearer ${manager.key}`, 'last-event-id': 'x.0-0' },
      signal: leaving.signal,
    });
    expect(events.status).toBe(200);
    await metrics.until(open('sse'), 1);

    plain.close();
    socket_io.close();
    leaving.abort();
    for (const kind of ['websocket', 'socket_io', 'sse']) await metrics.until(open(kind), 0);
    await metrics.until(requests('GET', '/threads/:thread_id/events', '2xx'), 1);
    expect(await metrics.text()).not.toContain(
      'http_request_duration_seconds_count{method="GET",route="/threads/:thread_id/events"',
    );
  });

  it.each(['text/plain', 'text/event-stream'])(
    'are not timed as requests: a log followed as %s',
    async (accept) => {
      await nobodyWorks();
      const agent = await manager.agent();
      await manager.call('POST', `/agents/${agent}/start`);
      const runner = await manager.runner(agent);
      const leaving = new AbortController();
      const log = await fetch(`http://${origin()}/agents/${agent}/logs?follow=true`, {
        headers: { authorization: `Bearer ${manager.key}`, accept },
        signal: leaving.signal,
      });
      expect(log.status).toBe(200);
      const counted = requests('GET', '/agents/:agent_id/logs', '2xx');
      const before = (await metrics.value(counted)) ?? 0;
      leaving.abort();
      await metrics.until(counted, before + 1);
      expect(await metrics.text()).not.toContain(
        'http_request_duration_seconds_count{method="GET",route="/agents/:agent_id/logs"',
      );
      runner.close();
    },
  );

  it('are counted when they are turned away: before the upgrade, and after it', async () => {
    const agent = await manager.agent();
    const foreign = new WebSocket(`ws://${origin()}/ws/agents/${agent}`, { origin: 'https://evil.example' });
    foreign.on('error', () => undefined);
    await metrics.until(refused('websocket', 'origin_not_allowed'), 1);
    const nobody = new WebSocket(`ws://${origin()}/ws/agents/agent_nobody_0000`);
    closing.push(() => nobody.terminate());
    await metrics.until(refused('websocket', 'unauthorized'), 1);
    const socket_io = io(`http://${origin()}/agents`, {
      transports: ['websocket'],
      extraHeaders: { origin: 'https://evil.example' },
      reconnection: false,
    });
    closing.push(() => socket_io.close());
    await metrics.until(refused('socket_io', 'origin_not_allowed'), 1);
  });
});

describe('runs and instances', () => {
  const runs = (state: string): string => `roost_runs{state="${state}"}`;
  const instances = (state: string): string => `roost_instances{state="${state}"}`;

  it('are counted by where they stand, and the queue of starts by its age', async () => {
    await nobodyWorks();
    const [first, second] = [await manager.agent(), await manager.agent()];
    const { body } = await manager.call('POST', `/agents/${first}/messages`, { content: 'one' });
    const runner = await manager.runner(first);
    await manager.call('POST', `/agents/${first}/messages`, { content: 'two', thread_id: body.thread_id });
    await metrics.until(runs('running'), 1);
    await metrics.until(runs('waiting_in_thread'), 1);
    expect(await metrics.value(runs('waiting_for_agent'))).toBe(0);
    expect(await metrics.value(instances('running'))).toBe(1);

    const blocking = await manager.agent();
    await manager.call('POST', `/agents/${blocking}/start`);
    await manager.call('POST', `/agents/${second}/messages`, { content: 'three' });
    await metrics.until(runs('waiting_for_agent'), 1);
    await metrics.until(instances('queued'), 1);
    expect(await metrics.value(instances('starting'))).toBe(1);
    await manager.database.query(
      `UPDATE instances SET created_at = now() - interval '1 hour' WHERE agent_id = $1`,
      [second],
    );
    expect(await metrics.value('roost_start_queue_oldest_age_seconds')).toBeGreaterThan(3_599);
    runner.close();
  });

  it('that failed are counted by reason', async () => {
    await manager.database.query(`UPDATE agents SET failure_reason = 'crash_loop' WHERE id = $1`, [
      await manager.agent(),
    ]);
    expect(await metrics.value('roost_agents_failed{reason="crash_loop"}')).toBe(1);
    expect(await metrics.value('roost_agents_failed{reason="oom_killed"}')).toBe(0);
  });
});

describe('calls of the platform', () => {
  const calls = (operation: string, outcome: string): string =>
    `roost_launcher_call_duration_seconds_count{operation="${operation}",outcome="${outcome}"}`;

  it('are timed by operation and outcome', async () => {
    expect(await metrics.value(calls('launch', 'ok'))).toBeGreaterThan(0);
    manager.launcher.unavailable = true;
    await manager.call('GET', '/readyz');
    manager.launcher.unavailable = false;
    expect(await metrics.value(calls('ping', 'unavailable'))).toBeGreaterThan(0);
  });
});

describe('tokens', () => {
  const tokens = (model: string, direction: string): string =>
    `roost_tokens_total{model="${model}",direction="${direction}"}`;
  const book = (booking_id: string, model: string, input_tokens: number, output_tokens: number) =>
    manager.manager.app.get(UsageRepository).book({
      booking_id,
      agent_id: 'agent_spends_0001',
      message_id: null,
      usage: [{ kind: 'agent', model, calls: 1, input_tokens, output_tokens }],
    });

  it('are counted once, however often and in whatever order a booking is repeated', async () => {
    await book('b1', 'model-a', 100, 10);
    await book('b1', 'model-a', 300, 30);
    await book('b1', 'model-a', 200, 20);
    await book('b1', 'model-a', 300, 30);
    await book('b2', 'model-a', 1, 2);
    expect(await metrics.value(tokens('model-a', 'input'))).toBe(301);
    expect(await metrics.value(tokens('model-a', 'output'))).toBe(32);
  });

  it('are counted once when two book the same at a time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => book('b3', 'model-b', 1_000, 100)));
    expect(await metrics.value(tokens('model-b', 'input'))).toBe(1_000);
    expect(await metrics.value(tokens('model-b', 'output'))).toBe(100);
  });

  it('cost what the price list says, and nothing is said of models without a price', async () => {
    const items = [{ model: 'model-c', input_per_million: 2, output_per_million: 8 }];
    await manager.call('PUT', '/prices', { currency: 'EUR', items });
    await book('b4', 'model-c', 1_000_000, 500_000);
    expect(await metrics.value('roost_token_cost_total{model="model-c"}')).toBeCloseTo(6);
    expect(await metrics.value('roost_token_cost_total{model="model-a"}')).toBeNull();
  });

  it('of more models than are named apart are counted together', async () => {
    for (let index = 0; index < 60; index += 1) await book(`many-${index}`, `model-${index}-x`, 1, 0);
    expect(await metrics.value(tokens('other', 'input'))).toBeGreaterThan(0);
    const named = (await metrics.text()).match(/^roost_tokens_total\{.*direction="input"/gm);
    expect(named).toHaveLength(51);
  });
});

describe('calls of tools', () => {
  const completed = 'roost_tool_calls_total{type="mcp",outcome="completed"}';
  const found = { outcome: 'completed', content: 'Found', usage: null } as const;
  const called = (calls: number) => ({
    ...found,
    tool_calls: [{ type: 'mcp' as const, completed: calls, failed: 0 }],
  });

  it('are counted once when a report was added twice, and when another manager was first', async () => {
    const agent = await manager.agent();
    await nobodyWorks();
    const ask = () => manager.call('POST', `/agents/${agent}/messages`, { content: 'Find it' });
    await ask();
    const runner = await manager.runner(agent);
    const repeated = await runner.next();
    await runner.end(repeated, called(1), undefined, 'run_1');
    await runner.end(repeated, called(1), undefined, 'run_1');

    await ask();
    const contested = await runner.next();
    const messaging = manager.manager.app.get(Messaging);
    const other = {
      name: 'reports',
      agent_id: agent,
      consumer: 'other',
      onRejected: () => undefined,
    } as const;
    await manager.database.transaction(async (held) => {
      await held.query('SELECT FROM messages WHERE id = $1 FOR UPDATE', [contested.message_id]);
      await runner.end(contested, called(10), undefined, 'run_2');
      await vi.waitFor(async () => {
        const entries = await messaging.consumer(other, false).takeOver(0, 10);
        const entry = entries.find(({ payload }) => payload.run_id === 'run_2');
        expect(await messaging.consumer(other, false).acknowledge(entry?.id ?? '')).toBe(1);
      });
    });

    await ask();
    await runner.end(await runner.next(), called(100), undefined, 'run_3');
    await metrics.until(completed, 101);
    runner.close();
  });

  it('are counted by type as runs report them', async () => {
    const agent = await manager.agent();
    await nobodyWorks();
    await manager.call('POST', `/agents/${agent}/messages`, { content: 'Find it' });
    const runner = await manager.runner(agent);
    await runner.end(await runner.next(), {
      outcome: 'completed',
      content: 'Found',
      usage: null,
      tool_calls: [{ type: 'http_request', completed: 2, failed: 1, rejected: 4 }],
    });
    await metrics.until('roost_tool_calls_total{type="http_request",outcome="completed"}', 2);
    expect(await metrics.value('roost_tool_calls_total{type="http_request",outcome="failed"}')).toBe(1);
    expect(await metrics.value('roost_tool_calls_total{type="http_request",outcome="rejected"}')).toBe(4);
    runner.close();
  });
});

describe('the process', () => {
  it('tells of its connections to PostgreSQL and when the reconciler was last through', async () => {
    expect(await metrics.value('roost_database_pool_connections_max')).toBeGreaterThan(1);
    expect(await metrics.value('roost_database_pool_connections{state="idle"}')).toBeGreaterThanOrEqual(0);
    expect(await metrics.value('roost_database_pool_waiting')).toBe(0);
    for (const pass of ['records', 'platform']) {
      const last = await metrics.value(`roost_reconcile_last_pass_timestamp_seconds{pass="${pass}"}`);
      expect(Date.now() / 1_000 - (last ?? 0)).toBeLessThan(30);
    }
  });
});
