import { ServiceError } from '@roost/contracts';
import PgBoss from 'pg-boss';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KnowledgeHarness } from '../test/knowledge.harness';
import { ClaimsRepository } from './claims.repository';
import { IngestionQueue } from './ingestion.queue';

vi.setConfig({ testTimeout: 240_000 });

/** Ingests nothing itself: those that join do. */
let roost: KnowledgeHarness;
beforeAll(async () => {
  roost = await KnowledgeHarness.start({
    KNOWLEDGE_INGESTION_CONCURRENCY: '0',
    KNOWLEDGE_INGESTION_RETRIES: '2',
  });
}, 120_000);
afterAll(() => roost.stop());

const joinWorker = () => roost.manager.join({ KNOWLEDGE_INGESTION_CONCURRENCY: '1' });

describe('an ingestion', () => {
  it('whose worker falls silent in the middle is taken up by another, and the silent one changes nothing more', async () => {
    const base = await roost.base();
    const { body } = await roost.text(base, 'Tea', 'Tea is served at four.');
    const id = body.id as string;
    const { app } = roost.manager.manager;
    const [queue, claims] = [app.get(IngestionQueue), app.get(ClaimsRepository)];
    const job = await queue.take();
    const silent = await claims.claim(id, job?.job_id ?? '');
    if (silent.kind !== 'claimed') throw new Error(silent.kind);
    await claims.write(silent.claim, { state: 'embedding', total: 9, done: 4 });
    expect((await roost.document(base, id)).status.detail).toBe('embedding 4/9');

    const other = await joinWorker();
    await roost.until(base, id, 'ready');
    expect(roost.store.found(id)).toBe('Tea is served at four.');
    expect(await claims.write(silent.claim, { state: 'failed' })).toBe(false);
    expect(await claims.finish(silent.claim, silent.document, {})).toBe(false);
    await other.stop();
  });

  it('is handed on at once by a manager that shuts down', async () => {
    const base = await roost.base();
    let begun = (): void => undefined;
    const embedding = new Promise<void>((resolve) => (begun = resolve));
    roost.embedder.before = (_texts, signal) =>
      new Promise((_resolve, reject) => {
        begun();
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const { body } = await roost.text(base, 'Tea', 'Tea.');
    const id = body.id as string;
    const leaving = await joinWorker();
    await embedding;
    await leaving.stop();
    roost.embedder.before = () => Promise.resolve();
    expect((await roost.document(base, id)).status.state).toBe('queued');
    const other = await joinWorker();
    await roost.until(base, id, 'ready');
    await other.stop();
  });

  it('is tried again while the embedding model is away, and fails with its reason when that lasts', async () => {
    const base = await roost.base();
    const worker = await joinWorker();
    let attempts = 0;
    roost.embedder.before = () => {
      attempts += 1;
      return attempts === 1
        ? Promise.reject(new ServiceError('embedding_unavailable', 'The model is away.'))
        : Promise.resolve();
    };
    const passing = await roost.text(base, 'Passing', 'Tea.');
    await vi.waitFor(
      async () => {
        const { detail } = (await roost.document(base, passing.body.id as string)).status;
        expect(detail).toBe('queued, to be tried again: The model is away.');
      },
      { timeout: 60_000, interval: 20 },
    );
    await roost.until(base, passing.body.id as string, 'ready');

    roost.embedder.before = () => {
      attempts += 1;
      return Promise.reject(new ServiceError('embedding_unavailable', 'The model is away.'));
    };
    attempts = 0;
    const lasting = await roost.text(base, 'Lasting', 'Tea.');
    const failed = await roost.until(base, lasting.body.id as string, 'failed');
    expect(failed.status.detail).toBe('failed: The model is away.');
    expect(attempts).toBe(3);

    roost.embedder.before = () => Promise.resolve();
    await roost.text(base, 'Lasting', 'Tea.');
    await roost.until(base, lasting.body.id as string, 'ready');
    await worker.stop();
  });

  it('whose job is lost fails with a word about it', async () => {
    const base = await roost.base();
    const { body } = await roost.text(base, 'Orphan', 'Tea.');
    await roost.manager.database.query('DELETE FROM pgboss.job');
    const failed = await roost.until(base, body.id as string, 'failed');
    expect(failed.status.detail).toContain('add the document again');
  });

  it('that is replaced before it began is done once, for the newest content', async () => {
    const base = await roost.base();
    const first = await roost.text(base, 'Tea', 'Old.');
    const second = await roost.text(base, 'Tea', 'New.');
    expect(second.body.id).toBe(first.body.id);
    const worker = await joinWorker();
    roost.embedder.batches.length = 0;
    await roost.until(base, first.body.id as string, 'ready');
    expect(roost.store.found(first.body.id as string)).toBe('New.');
    expect(roost.embedder.batches).toHaveLength(1);
    await worker.stop();
  });
});

it('the schema of the jobs is the one that the installed pg-boss wants', async () => {
  const wanted = /pgboss\.version\(version\) VALUES \('(\d+)'\)/.exec(
    PgBoss.getConstructionPlans('pgboss'),
  )?.[1];
  const [found] = await roost.manager.database.query<{ version: number }[]>(
    'SELECT version FROM pgboss.version',
  );
  expect(String(found?.version)).toBe(wanted);
});
