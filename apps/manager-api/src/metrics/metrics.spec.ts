import type { InboxEntry, RunTimeline } from '@roost/contracts';
import { MetricsRegistry, misnamed } from '@roost/service-kit/metrics';
import { type DeclaredMetric, metricsSection } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import type { TestRunner } from '../test/test.runner';
import { ScrapedMetrics } from '../test/use.metrics';

const timeline: RunTimeline = {
  accepted_at: '2026-01-31T12:00:00.000Z',
  wake: 'cold',
  queue_ms: 20,
  schedule_ms: 100,
  boot_ms: 300,
  ready_ms: 80,
  first_token_ms: 500,
  last_token_ms: 1_000,
  total_ms: 2_000,
  clock_skewed: false,
};

describe('/metrics', () => {
  let harness: ManagerHarness;
  let agent: string;
  let runner: TestRunner;
  beforeAll(async () => {
    harness = await ManagerHarness.start();
    agent = await harness.agent();
    await harness.call('POST', `/agents/${agent}/start`);
    runner = await harness.runner(agent);
  });
  afterAll(async () => {
    runner.close();
    await harness.stop();
  });

  const metrics = new ScrapedMetrics(() => harness);
  const value = (series: string) => metrics.value(series);
  const until = (series: string, expected: number) => metrics.until(series, expected);
  const say = async (): Promise<InboxEntry> => {
    await harness.call('POST', `/agents/${agent}/messages`, { content: 'Hello' });
    return runner.next();
  };

  it('is not there on the public port', async () => {
    expect((await harness.call('GET', '/metrics')).status).toBe(404);
  });

  const declared = (): DeclaredMetric[] => {
    const all = harness.manager.app.get(MetricsRegistry).registry.getMetricsAsArray();
    return (all as unknown as DeclaredMetric[]).filter(({ name }) => name.startsWith('roost_'));
  };

  it('names everything as Prometheus asks for', () => {
    expect(declared().length).toBeGreaterThan(20);
    const faults = declared().flatMap(({ name, help, type, labelNames: labels = [] }) =>
      misnamed({ name, help, type: type as 'gauge', labels }),
    );
    expect(faults).toEqual([]);
  });

  it('is the table in docs/operations.md; after a change run: npm run generate', () => {
    const { table, documented } = metricsSection('manager-api', declared());
    expect(documented).toBe(table);
  });

  it('counts messages, and the spans of their answers by how the agent woke', async () => {
    const accepted = (await value('roost_messages_accepted_total')) ?? 0;
    await runner.report(await say(), 'Hi', undefined, timeline);
    await until('roost_messages_ended_total{outcome="done",error_code=""}', 1);
    await runner.fail(await say(), 'model_timeout');
    await until('roost_messages_ended_total{outcome="failed",error_code="model_timeout"}', 1);

    expect(await value('roost_messages_accepted_total')).toBe(accepted + 2);
    expect(await value('roost_run_span_seconds_sum{span="boot",wake="cold"}')).toBeCloseTo(0.3);
    expect(await value('roost_run_span_seconds_count{span="last_token",wake="cold"}')).toBe(1);
    expect(await value('roost_first_token_seconds_sum{wake="cold"}')).toBeCloseTo(1);
  });

  it('counts and stores as much of an answer to joined messages, and counts cancelled ones', async () => {
    const done = 'roost_messages_ended_total{outcome="done",error_code=""}';
    const before = (await value(done)) ?? 0;
    const post = (body: object) => harness.call('POST', `/agents/${agent}/messages`, body);
    const { thread_id } = (await post({ content: 'one' })).body;
    await post({ content: 'two', thread_id });
    const [first, second] = [await runner.next(), await runner.next()];
    const answer = { outcome: 'completed' as const, content: 'to both', usage: null, timeline };
    await runner.end(second, answer, [first.message_id]);
    await until(done, before + 2);
    const { body } = await harness.call('GET', `/threads/${thread_id}/messages`);
    expect(body.items).toMatchObject([{ timeline: null }, { timeline: null }, { timeline }]);

    await runner.end(await say(), { outcome: 'cancelled', content: '' });
    await until('roost_messages_ended_total{outcome="failed",error_code="run_cancelled"}', 1);
  });

  it('stores the timeline with the reply, and answers it', async () => {
    const entry = await say();
    await runner.report(entry, 'Hi', undefined, timeline);
    await vi.waitFor(async () => {
      const { body } = await harness.call('GET', `/threads/${entry.thread_id}/messages`);
      expect(body.items).toMatchObject([{ timeline: null }, { timeline }]);
    });
  });

  it('tells how much is owed and for how long', async () => {
    await until('roost_messages_owed', 0);
    const entry = await say();
    await harness.database.query(`UPDATE messages SET created_at = now() - interval '1 hour' WHERE id = $1`, [
      entry.message_id,
    ]);
    expect(await value('roost_messages_owed')).toBe(1);
    expect(await value('roost_messages_owed_oldest_age_seconds')).toBeGreaterThan(3_599);
    await runner.report(entry, 'Sorry');
    await until('roost_messages_owed', 0);
    expect(await value('roost_messages_owed_oldest_age_seconds')).toBe(0);
  });

  it.each(['records', 'platform'])('times the passes of the reconciler over %s', async (pass) => {
    await vi.waitFor(
      async () =>
        expect(await value(`roost_reconcile_duration_seconds_count{pass="${pass}"}`)).toBeGreaterThan(1),
      { timeout: 10_000 },
    );
  });

  it('has no identifiers in it: a series for each agent would never end', async () => {
    expect(await metrics.text()).not.toMatch(/agent_test|thr_|msg_|inst-/);
  });
});
