import { ServiceError } from '@roost/contracts';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { docx, encryptedPdf, pdf, zipBomb } from '@roost/testing';
import { KnowledgeHarness } from '../test/knowledge.harness';

// Every document is read by a process of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let roost: KnowledgeHarness;
let site: {
  origin: string;
  answers: Map<string, { status?: number; type: string; body: string }>;
  close: () => void;
};

beforeAll(async () => {
  const answers = new Map<string, { status?: number; type: string; body: string }>();
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    response.writeHead(answer?.status ?? (answer ? 200 : 404), {
      'content-type': answer?.type ?? 'text/plain',
    });
    response.end(answer?.body ?? 'nothing here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  site = { origin: `http://127.0.0.1:${port}`, answers, close: () => server.close() };
  roost = await KnowledgeHarness.start({
    TOOL_ALLOWED_HOSTS: `127.0.0.1:${port}`,
    KNOWLEDGE_UPLOAD_BYTES_MAX: '300000',
    KNOWLEDGE_DOCUMENTS_MAX: '40',
    KNOWLEDGE_BASES_MAX: '60',
    KNOWLEDGE_INGESTION_RETRIES: '1',
  });
}, 120_000);
afterAll(async () => {
  site.close();
  await roost.stop();
});

beforeEach(() => {
  roost.embedder.release();
  roost.store.before = () => Promise.resolve();
});

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const paragraphs = (count: number, word: string): string =>
  Array.from({ length: count }, (_, index) => `Paragraph ${index} of ${word}. ${`${word} `.repeat(60)}`).join(
    '\n\n',
  );

describe('a document', () => {
  it.each<[string, string, () => Buffer | string | Promise<Buffer>]>([
    ['PDF', 'hours.pdf', () => pdf('We open at nine.')],
    ['Word', 'hours.docx', () => docx(['# Hours', 'We open at nine.'])],
    ['HTML', 'hours.html', () => '<h1>Hours</h1><p>We open at nine.</p>'],
    ['Markdown', 'hours.md', () => '# Hours\n\nWe open at nine.'],
    ['text', 'hours.txt', () => 'We open at nine.'],
    ['CSV', 'hours.csv', () => 'day,text\nMonday,We open at nine.'],
  ])('in %s is accepted, ingested and found', async (_type, name, content) => {
    const base = await roost.base();
    const accepted = await roost.upload(base, name, await content(), {
      title: 'Hours',
      metadata: '{"language":"en"}',
    });
    expect(accepted.status).toBe(202);
    expect(accepted.body).toMatchObject({ title: 'Hours', name, source: 'file', revision: 1 });
    const ready = await roost.until(base, accepted.body.id as string, 'ready');
    expect(ready).toMatchObject({
      published_revision: 1,
      status: { done: 1, total: 1, detail: 'ready' },
      metadata: { language: 'en' },
    });
    expect(roost.store.found(ready.id)).toContain('We open at nine.');
    expect(roost.store.of(ready.id)[0]).toMatchObject({
      knowledge_base_id: base,
      title: 'Hours',
      metadata: { language: 'en' },
      source_url: null,
    });
  });

  it('shows how many of its pieces are embedded', async () => {
    const base = await roost.base();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    roost.embedder.before = () => (roost.embedder.batches.length === 1 ? held : Promise.resolve());
    const { body } = await roost.text(base, 'Long', paragraphs(200, 'tea'));
    await vi.waitFor(
      async () => {
        const { status } = await roost.document(base, body.id as string);
        expect(status).toMatchObject({
          state: 'embedding',
          done: 32,
          detail: `embedding 32/${status.total}`,
        });
        expect(status.total).toBeGreaterThan(32);
      },
      { timeout: 90_000, interval: 20 },
    );
    roost.embedder.before = () => Promise.resolve();
    release();
    const { status } = await roost.until(base, body.id as string, 'ready');
    expect(status.done).toBe(status.total);
  });

  it('given again unchanged is a no-op that answers the same document', async () => {
    const base = await roost.base();
    const first = await roost.upload(base, 'a.md', 'Tea costs two.', { metadata: '{"b":1,"a":true}' });
    await roost.until(base, first.body.id as string, 'ready');
    const calls = roost.embedder.batches.length;
    const again = await roost.upload(base, 'a.md', 'Tea costs two.', { metadata: '{"a":true,"b":1}' });
    expect(again.status).toBe(202);
    expect(again.body).toMatchObject({ id: first.body.id, revision: 1, status: { state: 'ready' } });
    expect(roost.embedder.batches.length).toBe(calls);
    expect(await roost.files()).toContain(sha256('Tea costs two.'));
  });

  it('changed replaces what was found, without a moment in which neither is', async () => {
    const base = await roost.base();
    const old = paragraphs(40, 'old');
    const { body } = await roost.upload(base, 'a.md', old);
    const id = body.id as string;
    await roost.until(base, id, 'ready');
    const search = async (text: string): Promise<number> =>
      (
        await roost.store.search({
          knowledge_base_ids: [base],
          text,
          vector: null,
          mode: 'keyword',
          limit: 1,
          filter: {},
        })
      ).length;
    const seen: string[] = [];
    roost.store.before = async () => {
      seen.push(`${await search('of old')}/${await search('of new')}`);
    };
    const changed = await roost.upload(base, 'a.md', paragraphs(40, 'new'));
    expect(changed.body).toMatchObject({ id, revision: 2, published_revision: 1 });
    const looking = new AbortController();
    const looks = (async () => {
      while (!looking.signal.aborted) {
        const [before, after] = [await search('of old'), await search('of new')];
        if (before + after === 0) seen.push('neither');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await vi.waitFor(async () => expect((await roost.document(base, id)).published_revision).toBe(2), 90_000);
    looking.abort();
    await looks;
    roost.store.before = () => Promise.resolve();
    expect(seen).not.toContain('neither');
    expect(await search('of old')).toBe(0);
    expect(await search('of new')).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await roost.files()).not.toContain(sha256(old)));
  });

  it('is another revision when only its title or metadata change, and stays one when they are left out', async () => {
    const base = await roost.base();
    const { body } = await roost.upload(base, 'a.txt', 'Tea.', { title: 'One', metadata: '{"x":1}' });
    await roost.until(base, body.id as string, 'ready');
    expect((await roost.upload(base, 'a.txt', 'Tea.')).body).toMatchObject({ revision: 1, title: 'One' });
    await roost.upload(base, 'a.txt', 'Tea.', { title: 'Two' });
    const ready = await roost.until(base, body.id as string, 'ready');
    expect(ready).toMatchObject({ revision: 2, title: 'Two', metadata: { x: 1 } });
    expect(roost.store.of(ready.id)).toMatchObject([{ title: 'Two', revision: 2 }]);
  });

  it('is replaced by its id under another name, but not by one whose name is taken', async () => {
    const base = await roost.base();
    const one = (await roost.upload(base, 'one.txt', 'One.')).body.id as string;
    const two = (await roost.upload(base, 'two.txt', 'Two.')).body.id as string;
    const renamed = await roost.upload(base, 'three.txt', 'Three.', { document_id: one });
    expect(renamed.body).toMatchObject({ id: one, name: 'three.txt', revision: 2 });
    const taken = await roost.upload(base, 'two.txt', 'Two!', { document_id: one });
    expect(taken).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(taken.body.detail).toContain(two);
    expect((await roost.upload(base, 'x.txt', 'x', { document_id: 'doc_none' })).body.code).toBe(
      'document_not_found',
    );
    await Promise.all([roost.until(base, one, 'ready'), roost.until(base, two, 'ready')]);
  });
});

describe('a URL', () => {
  it('is fetched by the service, and again when it is given again', async () => {
    const base = await roost.base();
    const url = `${site.origin}/hours`;
    site.answers.set('/hours', {
      type: 'text/html; charset=utf-8',
      body: '<title>Hours</title><p>From nine.</p>',
    });
    const add = () => roost.manager.call('POST', `/knowledge-bases/${base}/documents`, { url });
    const { body, status } = await add();
    expect(status).toBe(202);
    const id = body.id as string;
    const first = await roost.until(base, id, 'ready');
    expect(first).toMatchObject({ source: 'url', name: url, type: 'html', revision: 1 });
    expect(roost.store.of(id)[0]).toMatchObject({ source_url: url, text: '# Hours\n\nFrom nine.' });

    await add();
    expect(await roost.until(base, id, 'ready')).toMatchObject({ revision: 1 });

    site.answers.set('/hours', { type: 'text/html', body: '<p>From ten.</p>' });
    await add();
    expect(await roost.until(base, id, 'ready')).toMatchObject({ revision: 2, published_revision: 2 });
    expect(roost.store.found(id)).toBe('From ten.');
  });

  it('that says something else at the next attempt is another revision: nothing of the first is found with it', async () => {
    const base = await roost.base();
    site.answers.set('/menu', { type: 'text/plain', body: 'Soup of yesterday.' });
    roost.embedder.before = () => {
      roost.embedder.before = () => Promise.resolve();
      site.answers.set('/menu', { type: 'text/plain', body: 'Soup of today.' });
      return Promise.reject(new ServiceError('embedding_unavailable', 'The model is away.'));
    };
    const { body } = await roost.manager.call('POST', `/knowledge-bases/${base}/documents`, {
      url: `${site.origin}/menu`,
    });
    const id = body.id as string;
    expect(await roost.until(base, id, 'ready')).toMatchObject({ revision: 2, published_revision: 2 });
    expect(roost.store.found(id)).toBe('Soup of today.');
  });

  it.each([
    ['that is not there', '/none', 'status 404'],
    ['of an unknown kind', '/picture', 'image/png'],
    ['that is too large', '/large', 'more than 300000 bytes'],
  ])('%s is a failed document', async (_what, path, words) => {
    site.answers.set('/picture', { type: 'image/png', body: 'x' });
    site.answers.set('/large', { type: 'text/plain', body: 'x'.repeat(400_000) });
    const base = await roost.base();
    const { body } = await roost.manager.call('POST', `/knowledge-bases/${base}/documents`, {
      url: `${site.origin}${path}`,
    });
    const { status } = await roost.until(base, body.id as string, 'failed');
    expect(status.detail).toContain(words);
  });

  it.each(['http://169.254.169.254/latest/meta-data/', 'http://127.0.0.1:10001/', 'http://10.0.0.1/'])(
    'to where nobody may point is refused: %s',
    async (url) => {
      const base = await roost.base();
      const { body } = await roost.manager.call('POST', `/knowledge-bases/${base}/documents`, { url });
      const { status } = await roost.until(base, body.id as string, 'failed');
      expect(status.detail).toMatch(/operator allow/);
      expect(roost.store.of(body.id as string)).toEqual([]);
    },
  );
});

describe('a hostile file', () => {
  it.each<[string, string, () => Buffer | string | Promise<Buffer>, string]>([
    ['a zip bomb', 'a.docx', zipBomb, 'zip bombs'],
    ['an encrypted PDF', 'a.pdf', encryptedPdf, 'encrypted'],
    ['a broken PDF', 'a.pdf', async () => (await pdf('x')).subarray(0, 300), 'broken'],
    ['an empty file', 'a.txt', () => '', 'empty'],
    ['a PDF named as a text', 'a.txt', () => pdf('x'), 'is a PDF'],
  ])('such as %s fails with the reason, and nothing else suffers', async (_what, name, content, words) => {
    const base = await roost.base();
    const { body } = await roost.upload(base, name, await content());
    const good = await roost.text(base, 'Good', 'Tea is served.');
    const failed = await roost.until(base, body.id as string, 'failed');
    expect(failed.status.detail).toContain(words);
    expect(failed.published_revision).toBeNull();
    await roost.until(base, good.body.id as string, 'ready');
  });

  it('leaves what was found before', async () => {
    const base = await roost.base();
    const { body } = await roost.upload(base, 'a.pdf', await pdf('We open at nine.'));
    const id = body.id as string;
    await roost.until(base, id, 'ready');
    await roost.upload(base, 'a.pdf', 'no PDF at all');
    expect(await roost.until(base, id, 'failed')).toMatchObject({ revision: 2, published_revision: 1 });
    expect(roost.store.found(id)).toContain('We open at nine.');
  });
});

describe('what is deleted', () => {
  it('is found no more, and leaves neither rows nor files nor chunks', async () => {
    const base = await roost.base();
    const { body } = await roost.upload(base, 'a.md', 'A unique word: xylophone.');
    const id = body.id as string;
    await roost.until(base, id, 'ready');
    const path = `/knowledge-bases/${base}/documents/${id}`;
    expect((await roost.manager.call('DELETE', path)).status).toBe(204);
    expect((await roost.manager.call('DELETE', path)).status).toBe(204);
    expect((await roost.manager.call('GET', path)).body.code).toBe('document_not_found');
    expect(roost.store.of(id)).toEqual([]);
    expect(await roost.files()).not.toContain(sha256('A unique word: xylophone.'));
    expect(
      await roost.manager.database.query('SELECT id FROM knowledge_documents WHERE id = $1', [id]),
    ).toEqual([]);
    const again = await roost.upload(base, 'a.md', 'A unique word: xylophone.');
    expect(again.body.id).not.toBe(id);
    await roost.until(base, again.body.id as string, 'ready');
  });

  it.each(['document', 'base'])(
    'while it is ingested (a %s) ends that and leaves nothing',
    async (what) => {
      const base = await roost.base();
      const content = paragraphs(200, `the ${what} that goes`);
      let begun = (): void => undefined;
      const embedding = new Promise<void>((resolve) => (begun = resolve));
      roost.embedder.before = (_texts, signal) =>
        new Promise((resolve, reject) => {
          if (roost.embedder.batches.length === 0) resolve();
          else begun();
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      const { body } = await roost.upload(base, 'a.md', content);
      const id = body.id as string;
      await embedding;
      const path = what === 'base' ? `/knowledge-bases/${base}` : `/knowledge-bases/${base}/documents/${id}`;
      expect((await roost.manager.call('DELETE', path)).status).toBe(204);
      expect((await roost.manager.call('GET', path)).status).toBe(404);
      await vi.waitFor(
        async () => {
          const rows = await roost.manager.database.query(
            'SELECT id FROM knowledge_documents WHERE id = $1',
            [id],
          );
          expect(rows).toEqual([]);
        },
        { timeout: 90_000, interval: 100 },
      );
      roost.embedder.before = () => Promise.resolve();
      expect(roost.store.of(id)).toEqual([]);
      expect(await roost.files()).not.toContain(sha256(content));
    },
    60_000,
  );
});

describe('a request', () => {
  it('with one Idempotency-Key twice gets one document; with another file it is refused', async () => {
    const base = await roost.base();
    const send = (content: string) =>
      roost.upload(base, 'a.txt', content, {}, { 'idempotency-key': `k-${base}` });
    const first = await send('one');
    expect((await send('one')).body).toEqual(first.body);
    expect(await send('two')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    await roost.until(base, first.body.id as string, 'ready');
  });

  it('with a file that is too large is refused with the setting, and leaves nothing', async () => {
    const base = await roost.base();
    for (const bytes of [300_001, 2_000_000]) {
      const answer = await roost.upload(base, 'a.txt', 'x'.repeat(bytes));
      expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
      expect(answer.body.detail).toContain('KNOWLEDGE_UPLOAD_BYTES_MAX');
    }
    await vi.waitFor(async () => expect(await roost.files()).not.toContain(sha256('x'.repeat(300_001))));
  });

  it('with an unsupported type is refused, naming those supported', async () => {
    const base = await roost.base();
    const answer = await roost.upload(base, 'setup.exe', 'MZ');
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(answer.body.detail).toMatch(/PDF.*Word.*HTML.*Markdown.*text.*CSV/);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['two sources', { title: 'x', text: 'x', url: 'https://example.com' }],
    ['a text without a title', { text: 'x' }],
    ['nested metadata', { title: 'x', text: 'x', metadata: { a: { b: 1 } } }],
    [
      'too much metadata',
      {
        title: 'x',
        text: 'x',
        metadata: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, n])),
      },
    ],
    ['a URL of another kind', { url: 'file:///etc/passwd' }],
    ['a property nobody knows', { title: 'x', text: 'x', status: 'ready' }],
  ])('with %s is refused', async (_what, body) => {
    const base = await roost.base();
    const answer = await roost.manager.call('POST', `/knowledge-bases/${base}/documents`, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('with a form that is none, or without a file, is refused', async () => {
    const base = await roost.base();
    const path = `/knowledge-bases/${base}/documents`;
    const none = await roost.manager.call('POST', path, 'rubbish', {
      'content-type': 'multipart/form-data; boundary=x',
    });
    expect(none).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const unnamed = [
      '--x',
      'content-disposition: form-data; name="file"; filename*=UTF-8\'\'a%00b.txt',
      '',
      'text',
      '--x--',
      '',
    ].join('\r\n');
    const nul = await roost.manager.call('POST', path, unnamed, {
      'content-type': 'multipart/form-data; boundary=x',
    });
    expect(nul).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const bad = await roost.upload(base, 'a.txt', 'x', { metadata: 'not json' });
    expect(bad).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('for one knowledge base or document too many is refused with the setting', async () => {
    const base = await roost.base();
    for (let n = 0; n < 40; n += 1) expect((await roost.text(base, `Text ${n}`, 'x')).status).toBe(202);
    const answer = await roost.text(base, 'One more', 'x');
    expect(answer).toMatchObject({ status: 409, body: { code: 'knowledge_limit_reached' } });
    expect(answer.body.detail).toContain('KNOWLEDGE_DOCUMENTS_MAX');
    await roost.manager.call('DELETE', `/knowledge-bases/${base}`);
  });

  it('for a list gets pages, newest first', async () => {
    const base = await roost.base('Paged');
    for (const title of ['a', 'b', 'c']) await roost.text(base, title, 'x');
    const first = await roost.manager.call('GET', `/knowledge-bases/${base}/documents?limit=2`);
    expect(first.body.items.map((item: { title: string }) => item.title)).toEqual(['c', 'b']);
    const next = await roost.manager.call(
      'GET',
      `/knowledge-bases/${base}/documents?limit=2&cursor=${first.body.next_cursor}`,
    );
    expect(next.body).toMatchObject({ items: [{ title: 'a' }], next_cursor: null });
    const bases = await roost.manager.call('GET', '/knowledge-bases?limit=1');
    expect(bases.body.items).toMatchObject([{ id: base, name: 'Paged', documents: 3 }]);
  });

  it('needs the scope for what it does', async () => {
    const base = await roost.base();
    const { body } = await roost.manager.call('POST', '/api-keys', {
      name: 'reader',
      scopes: ['knowledge:read'],
    });
    const reader = { authorization: `Bearer ${body.key}` };
    expect((await roost.manager.call('GET', `/knowledge-bases/${base}`, undefined, reader)).status).toBe(200);
    expect((await roost.upload(base, 'a.txt', 'x', {}, reader)).status).toBe(403);
    expect((await roost.manager.call('DELETE', `/knowledge-bases/${base}`, undefined, reader)).status).toBe(
      403,
    );
  });
});
