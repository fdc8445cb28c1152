import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { RetrievalService } from '../retrieval/retrieval.service';
import { useDocuments } from '../test/use.documents';

// Every document is read by a process of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const roost = useDocuments();

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const paragraphs = (count: number, word: string): string =>
  Array.from({ length: count }, (_, index) => `Paragraph ${index} of ${word}. ${`${word} `.repeat(60)}`).join(
    '\n\n',
  );

describe('what is deleted', () => {
  it('is found no more, and leaves neither rows nor files nor chunks', async () => {
    const base = await roost().base();
    const { body } = await roost().upload(base, 'a.md', 'A unique word: xylophone.');
    const id = body.id as string;
    await roost().until(base, id, 'ready');
    const path = `/knowledge-bases/${base}/documents/${id}`;
    expect((await roost().manager.call('DELETE', path)).status).toBe(204);
    expect((await roost().manager.call('DELETE', path)).status).toBe(204);
    expect((await roost().manager.call('GET', path)).body.code).toBe('document_not_found');
    expect(roost().store.of(id)).toEqual([]);
    expect(await roost().files()).not.toContain(sha256('A unique word: xylophone.'));
    expect(
      await roost().manager.database.query('SELECT id FROM knowledge_documents WHERE id = $1', [id]),
    ).toEqual([]);
    const again = await roost().upload(base, 'a.md', 'A unique word: xylophone.');
    expect(again.body.id).not.toBe(id);
    await roost().until(base, again.body.id as string, 'ready');
  });

  it.each(['document', 'base'])(
    'while it is ingested (a %s) ends that and leaves nothing',
    async (what) => {
      const base = await roost().base();
      const content = paragraphs(200, `the ${what} that goes`);
      let begun = (): void => undefined;
      const embedding = new Promise<void>((resolve) => (begun = resolve));
      roost().embedder.before = (_texts, signal) =>
        new Promise((resolve, reject) => {
          if (roost().embedder.batches.length === 0) resolve();
          else begun();
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      const { body } = await roost().upload(base, 'a.md', content);
      const id = body.id as string;
      await embedding;
      const path = what === 'base' ? `/knowledge-bases/${base}` : `/knowledge-bases/${base}/documents/${id}`;
      expect((await roost().manager.call('DELETE', path)).status).toBe(204);
      expect((await roost().manager.call('GET', path)).status).toBe(404);
      await vi.waitFor(
        async () => {
          const rows = await roost().manager.database.query(
            'SELECT id FROM knowledge_documents WHERE id = $1',
            [id],
          );
          expect(rows).toEqual([]);
        },
        { timeout: 90_000, interval: 100 },
      );
      roost().embedder.before = () => Promise.resolve();
      expect(roost().store.of(id)).toEqual([]);
      expect(await roost().files()).not.toContain(sha256(content));
    },
    60_000,
  );

  it.each(['document', 'base'])(
    '(a %s) is shown to no agent, also while the store cannot let go of it',
    async (what) => {
      const base = await roost().base();
      const { body } = await roost().text(base, 'Hours', `We open at nine, says this ${what}.`);
      await roost().until(base, body.id as string, 'ready');
      const other = await roost().text(base, 'Days', 'We open on Mondays.');
      await roost().until(base, other.body.id as string, 'ready');
      const found = async () => {
        const retrieval = roost().manager.manager.app.get(RetrievalService);
        const asked = { knowledge_base_ids: [base], query: 'We open', limit: 1, filter: {} };
        const { results } = await retrieval.retrieve(
          { ...asked, mode: 'keyword' },
          AbortSignal.timeout(5_000),
        );
        return results.map(({ text }) => text);
      };
      expect(await found()).toEqual([`We open at nine, says this ${what}.`]);
      roost().store.before = (call) =>
        call.startsWith('remove') ? Promise.reject(new Error('away')) : Promise.resolve();
      const path = `/knowledge-bases/${base}${what === 'base' ? '' : `/documents/${body.id}`}`;
      expect((await roost().manager.call('DELETE', path)).status).toBe(204);
      expect(roost().store.of(body.id as string)).toHaveLength(1);
      expect(await found()).toEqual(what === 'base' ? [] : ['We open on Mondays.']);
      roost().store.before = () => Promise.resolve();
      await vi.waitFor(() => expect(roost().store.of(body.id as string)).toEqual([]), { timeout: 30_000 });
    },
  );
});

describe('a request', () => {
  it('with one Idempotency-Key twice gets one document; with another file it is refused', async () => {
    const base = await roost().base();
    const send = (content: string) =>
      roost().upload(base, 'a.txt', content, {}, { 'idempotency-key': `k-${base}` });
    const first = await send('one');
    expect((await send('one')).body).toEqual(first.body);
    expect(await send('two')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    await roost().until(base, first.body.id as string, 'ready');
  });

  it('with a file that is too large is refused with the setting, and leaves nothing', async () => {
    const base = await roost().base();
    for (const bytes of [300_001, 2_000_000]) {
      const answer = await roost().upload(base, 'a.txt', 'x'.repeat(bytes));
      expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
      expect(answer.body.detail).toContain('KNOWLEDGE_UPLOAD_BYTES_MAX');
    }
    await vi.waitFor(async () => expect(await roost().files()).not.toContain(sha256('x'.repeat(300_001))));
  });

  it('with an unsupported type is refused, naming those supported', async () => {
    const base = await roost().base();
    const answer = await roost().upload(base, 'setup.exe', 'MZ');
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
    const base = await roost().base();
    const answer = await roost().manager.call('POST', `/knowledge-bases/${base}/documents`, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('with a form that is none, or without a file, is refused', async () => {
    const base = await roost().base();
    const path = `/knowledge-bases/${base}/documents`;
    const none = await roost().manager.call('POST', path, 'rubbish', {
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
    const nul = await roost().manager.call('POST', path, unnamed, {
      'content-type': 'multipart/form-data; boundary=x',
    });
    expect(nul).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const bad = await roost().upload(base, 'a.txt', 'x', { metadata: 'not json' });
    expect(bad).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('for one knowledge base or document too many is refused with the setting', async () => {
    const base = await roost().base();
    for (let n = 0; n < 40; n += 1) expect((await roost().text(base, `Text ${n}`, 'x')).status).toBe(202);
    const answer = await roost().text(base, 'One more', 'x');
    expect(answer).toMatchObject({ status: 409, body: { code: 'knowledge_limit_reached' } });
    expect(answer.body.detail).toContain('KNOWLEDGE_DOCUMENTS_MAX');
    await roost().manager.call('DELETE', `/knowledge-bases/${base}`);
  });

  it('for a list gets pages, newest first', async () => {
    const base = await roost().base('Paged');
    for (const title of ['a', 'b', 'c']) await roost().text(base, title, 'x');
    const first = await roost().manager.call('GET', `/knowledge-bases/${base}/documents?limit=2`);
    expect(first.body.items.map((item: { title: string }) => item.title)).toEqual(['c', 'b']);
    const next = await roost().manager.call(
      'GET',
      `/knowledge-bases/${base}/documents?limit=2&cursor=${first.body.next_cursor}`,
    );
    expect(next.body).toMatchObject({ items: [{ title: 'a' }], next_cursor: null });
    const bases = await roost().manager.call('GET', '/knowledge-bases?limit=1');
    expect(bases.body.items).toMatchObject([{ id: base, name: 'Paged', documents: 3 }]);
  });

  it('needs the scope for what it does', async () => {
    const base = await roost().base();
    const { body } = await roost().manager.call('POST', '/api-keys', {
      name: 'reader',
      scopes: ['knowledge:read'],
    });
    const reader = { authorization: `Bearer ${body.key}` };
    expect((await roost().manager.call('GET', `/knowledge-bases/${base}`, undefined, reader)).status).toBe(
      200,
    );
    expect((await roost().upload(base, 'a.txt', 'x', {}, reader)).status).toBe(403);
    expect((await roost().manager.call('DELETE', `/knowledge-bases/${base}`, undefined, reader)).status).toBe(
      403,
    );
  });
});
