import { type ModelStub, sharedStack, startModelStub, type TestDatabase } from '@roost/devstack';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDataSource } from '../../database/data-source';
import { testConfig } from '../../test/test-config';
import { CachedEmbedder } from './cached.embedder';
import { EmbeddingCacheRepository } from './embedding-cache.repository';
import { batchesOf } from './embedding.batches';
import { embeddingEndpoint } from './embedding.provider';
import { OpenAiEmbedder } from './openai.embedder';

const limits = { attempt_ms: 5_000, deadline_ms: 10_000, retries: 3, backoff_ms: 5 };
const signal = AbortSignal.timeout(60_000);

describe('the key for embeddings', () => {
  const endpoint = (env: Record<string, string>) =>
    embeddingEndpoint(testConfig({ OPENAI_API_KEY: 'sk-operator', ...env }));

  it('is that of the model provider where that is who embeds', () => {
    expect(endpoint({})).toEqual({
      base_url: 'https://api.openai.com/v1',
      api_key: 'sk-operator',
      model: 'text-embedding-3-small',
      dimensions: null,
    });
    expect(endpoint({ OPENAI_BASE_URL: 'https://models.example/v1' })).toMatchObject({
      base_url: 'https://models.example/v1',
      api_key: 'sk-operator',
    });
  });

  it('never leaves for another base URL: that gets its own, or none', () => {
    const elsewhere = { EMBEDDING_BASE_URL: 'https://embeddings.example/v1' };
    expect(endpoint(elsewhere).api_key).toBeNull();
    expect(endpoint({ ...elsewhere, EMBEDDING_API_KEY: 'sk-own' }).api_key).toBe('sk-own');
  });
});

describe('batches', () => {
  it('hold at most 96 texts and 96 KiB, in order; a larger text goes alone', () => {
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    expect(batchesOf(texts).map(({ length }) => length)).toEqual([96, 96, 8]);
    expect(batchesOf(texts).flat()).toEqual(texts);
    const large = 'я'.repeat(30_000);
    expect(batchesOf([large, 'a', large, 'x'.repeat(200_000), 'b']).map(({ length }) => length)).toEqual([
      2, 1, 1, 1,
    ]);
    expect(batchesOf([])).toEqual([]);
  });
});

describe('embedding over the OpenAI protocol', () => {
  let model: ModelStub;
  beforeAll(async () => {
    model = await startModelStub();
  });
  afterAll(() => model.stop());
  beforeEach(() => model.reset());

  const embedder = (overrides: { dimensions?: number; base_url?: string } = {}, given = limits) =>
    new OpenAiEmbedder(
      {
        base_url: model.baseUrl,
        api_key: 'sk-canary',
        model: 'embedder-one',
        dimensions: null,
        ...overrides,
      },
      given,
    );

  it('gives one vector a text, in order, and says what it spent', async () => {
    const texts = Array.from({ length: 100 }, (_, index) => `text number ${index}`);
    const { vectors, input_tokens } = await embedder().embed(texts, signal);
    expect(vectors).toHaveLength(100);
    expect(vectors[99]).toEqual((await embedder().embed(['text number 99'], signal)).vectors[0]);
    expect(input_tokens).toBeGreaterThan(100);
    expect(model.embeddings.requests().map(({ input }) => input.length)).toEqual([96, 4, 1]);
    expect(model.embeddings.requests()[0]?.authorization).toBe('Bearer sk-canary');
  });

  it('asks for the length configured, and refuses another', async () => {
    expect((await embedder({ dimensions: 64 }).embed(['x'], signal)).vectors[0]).toHaveLength(64);
    model.embeddings.fail({
      status: 200,
      body: { data: [{ index: 0, embedding: [1, 2] }] },
    });
    await expect(embedder({ dimensions: 64 }).embed(['x'], signal)).rejects.toMatchObject({
      code: 'embedding_unavailable',
      detail: expect.stringContaining('EMBEDDING_DIMENSIONS=64') as string,
    });
  });

  it.each([429, 500, 503])('asks again after %i, not before Retry-After', async (status) => {
    model.embeddings.fail({ status, retryAfterSeconds: 1 });
    const started = performance.now();
    expect((await embedder().embed(['x'], signal)).vectors).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    expect(model.embeddings.requests()).toHaveLength(2);
  });

  it('gives up after its retries, and at once when waiting would take too long', async () => {
    model.embeddings.fail({ status: 503 }, 10);
    await expect(embedder().embed(['x'], signal)).rejects.toMatchObject({ code: 'embedding_unavailable' });
    expect(model.embeddings.requests()).toHaveLength(4);
    model.reset();
    model.embeddings.fail({ status: 429, retryAfterSeconds: 3_600 });
    await expect(embedder().embed(['x'], signal)).rejects.toMatchObject({ code: 'embedding_unavailable' });
    expect(model.embeddings.requests()).toHaveLength(1);
  });

  it.each([
    ['a refused key', { status: 401 }, '401'],
    ['too few vectors', { status: 200, body: { data: [] } }, '0 vectors to 1'],
    ['vectors of nothing', { status: 200, body: { data: [{ index: 0, embedding: [] }] } }, 'list of vectors'],
    ['numbers that are none', { status: 200, body: { data: [{ index: 0, embedding: ['x'] }] } }, 'list of'],
    ['no JSON', { status: 200, body: '<html>' }, 'not JSON'],
  ])(
    'is unavailable with %s, is not asked again, and the key stays secret',
    async (_what, failure, detail) => {
      model.embeddings.fail(failure);
      const failed = await embedder()
        .embed(['x'], signal)
        .catch((error: unknown) => error as Error);
      expect(failed).toMatchObject({
        code: 'embedding_unavailable',
        detail: expect.stringContaining(detail) as string,
      });
      expect(JSON.stringify(failed)).not.toContain('canary');
      expect(model.embeddings.requests()).toHaveLength(1);
    },
  );

  it('is unavailable where nobody listens, and stops when its caller leaves', async () => {
    const nobody = embedder({ base_url: 'http://127.0.0.1:1/v1' });
    await expect(nobody.embed(['x'], signal)).rejects.toMatchObject({
      code: 'embedding_unavailable',
      detail: expect.stringContaining('EMBEDDING_BASE_URL') as string,
    });
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(embedder().embed(['x'], gone)).rejects.toThrow('gone');
  });
});

describe('the cache of embeddings', () => {
  let model: ModelStub;
  let database: TestDatabase;
  let source: DataSource;
  beforeAll(async () => {
    model = await startModelStub();
    database = await (await sharedStack()).createDatabase('embeddings');
    source = await createDataSource(database.url, 3).initialize();
    await source.runMigrations();
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
    await model.stop();
  });
  beforeEach(async () => {
    model.reset();
    await source.query('TRUNCATE embedding_cache');
  });

  const cached = (name = 'embedder-one', variant = '', cache = new EmbeddingCacheRepository(source)) =>
    new CachedEmbedder(
      new OpenAiEmbedder({ base_url: model.baseUrl, api_key: null, model: name, dimensions: null }, limits),
      cache,
      variant,
      pino({ enabled: false }),
    );
  const asked = () => model.embeddings.requests().map(({ input }) => input);

  it('spares what was embedded before: only new texts are sent, each once', async () => {
    const first = await cached().embed(['a', 'b', 'a'], signal);
    expect(first.vectors[0]).toEqual(first.vectors[2]);
    const second = await cached().embed(['c', 'a', 'b'], signal);
    expect(asked()).toEqual([['a', 'b'], ['c']]);
    expect(second.vectors[1]?.map((value) => value.toFixed(5))).toEqual(
      first.vectors[0]?.map((value) => value.toFixed(5)),
    );
    expect((await cached().embed(['c', 'a'], signal)).input_tokens).toBe(0);
    expect(asked()).toHaveLength(2);
  });

  it('keeps models and their variants apart', async () => {
    await cached().embed(['a'], signal);
    await cached('embedder-two').embed(['a'], signal);
    await cached('embedder-one', '64').embed(['a'], signal);
    expect(asked()).toHaveLength(3);
  });

  it('is bounded: what was not used for longest goes, and what nobody used for a month', async () => {
    const cache = new EmbeddingCacheRepository(source, 2);
    await cached().embed(['a', 'b', 'c', 'old'], signal);
    await source.query(
      `UPDATE embedding_cache SET used_at = now() - interval '31 days' WHERE key = (SELECT key FROM embedding_cache LIMIT 1)`,
    );
    await cache.prune();
    const [{ count }] = await source.query<[{ count: number }]>(
      'SELECT count(*)::integer AS count FROM embedding_cache',
    );
    expect(count).toBe(2);
  });

  it('that does not answer costs a call, not the answer', async () => {
    const broken = new EmbeddingCacheRepository(createDataSource('postgres://nobody@127.0.0.1:1/none', 1));
    expect((await cached('embedder-one', '', broken).embed(['a'], signal)).vectors).toHaveLength(1);
  });
});
