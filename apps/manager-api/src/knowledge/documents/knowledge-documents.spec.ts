import { docx, encryptedPdf, pdf, zipBomb } from '@roost/testing';
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { useDocuments } from '../test/use.documents';

// Every document is read by a process of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const roost = useDocuments();

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
    const base = await roost().base();
    const accepted = await roost().upload(base, name, await content(), {
      title: 'Hours',
      metadata: '{"language":"en"}',
    });
    expect(accepted.status).toBe(202);
    expect(accepted.body).toMatchObject({ title: 'Hours', name, source: 'file', revision: 1 });
    const ready = await roost().until(base, accepted.body.id as string, 'ready');
    expect(ready).toMatchObject({
      published_revision: 1,
      status: { done: 1, total: 1, detail: 'ready' },
      metadata: { language: 'en' },
    });
    expect(roost().store.found(ready.id)).toContain('We open at nine.');
    expect(roost().store.of(ready.id)[0]).toMatchObject({
      knowledge_base_id: base,
      title: 'Hours',
      metadata: { language: 'en' },
      source_url: null,
    });
  });

  it('shows how many of its pieces are embedded', async () => {
    const base = await roost().base();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    roost().embedder.before = () => (roost().embedder.batches.length === 1 ? held : Promise.resolve());
    const { body } = await roost().text(base, 'Long', paragraphs(200, 'tea'));
    await vi.waitFor(
      async () => {
        const { status } = await roost().document(base, body.id as string);
        expect(status).toMatchObject({
          state: 'embedding',
          done: 32,
          detail: `embedding 32/${status.total}`,
        });
        expect(status.total).toBeGreaterThan(32);
      },
      { timeout: 90_000, interval: 20 },
    );
    roost().embedder.before = () => Promise.resolve();
    release();
    const { status } = await roost().until(base, body.id as string, 'ready');
    expect(status.done).toBe(status.total);
  });

  it('given again unchanged is a no-op that answers the same document', async () => {
    const base = await roost().base();
    const first = await roost().upload(base, 'a.md', 'Tea costs two.', { metadata: '{"b":1,"a":true}' });
    await roost().until(base, first.body.id as string, 'ready');
    const calls = roost().embedder.batches.length;
    const again = await roost().upload(base, 'a.md', 'Tea costs two.', { metadata: '{"a":true,"b":1}' });
    expect(again.status).toBe(202);
    expect(again.body).toMatchObject({ id: first.body.id, revision: 1, status: { state: 'ready' } });
    expect(roost().embedder.batches.length).toBe(calls);
    expect(await roost().files()).toContain(sha256('Tea costs two.'));
  });

  it('changed replaces what was found, without a moment in which neither is', async () => {
    const base = await roost().base();
    const old = paragraphs(40, 'old');
    const { body } = await roost().upload(base, 'a.md', old);
    const id = body.id as string;
    await roost().until(base, id, 'ready');
    const search = async (text: string): Promise<number> =>
      (
        await roost().store.search({
          knowledge_base_ids: [base],
          text,
          vector: null,
          mode: 'keyword',
          limit: 1,
          filter: {},
        })
      ).length;
    const seen: string[] = [];
    roost().store.before = async () => {
      seen.push(`${await search('of old')}/${await search('of new')}`);
    };
    const changed = await roost().upload(base, 'a.md', paragraphs(40, 'new'));
    expect(changed.body).toMatchObject({ id, revision: 2, published_revision: 1 });
    const looking = new AbortController();
    const looks = (async () => {
      while (!looking.signal.aborted) {
        const [before, after] = [await search('of old'), await search('of new')];
        if (before + after === 0) seen.push('neither');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await vi.waitFor(
      async () => expect((await roost().document(base, id)).published_revision).toBe(2),
      90_000,
    );
    looking.abort();
    await looks;
    roost().store.before = () => Promise.resolve();
    expect(seen).not.toContain('neither');
    expect(await search('of old')).toBe(0);
    expect(await search('of new')).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await roost().files()).not.toContain(sha256(old)));
  });

  it('is another revision when only its title or metadata change, and stays one when they are left out', async () => {
    const base = await roost().base();
    const { body } = await roost().upload(base, 'a.txt', 'Tea.', { title: 'One', metadata: '{"x":1}' });
    await roost().until(base, body.id as string, 'ready');
    expect((await roost().upload(base, 'a.txt', 'Tea.')).body).toMatchObject({ revision: 1, title: 'One' });
    await roost().upload(base, 'a.txt', 'Tea.', { title: 'Two' });
    const ready = await roost().until(base, body.id as string, 'ready');
    expect(ready).toMatchObject({ revision: 2, title: 'Two', metadata: { x: 1 } });
    expect(roost().store.of(ready.id)).toMatchObject([{ title: 'Two', revision: 2 }]);
  });

  it('is replaced by its id under another name, but not by one whose name is taken', async () => {
    const base = await roost().base();
    const one = (await roost().upload(base, 'one.txt', 'One.')).body.id as string;
    const two = (await roost().upload(base, 'two.txt', 'Two.')).body.id as string;
    const renamed = await roost().upload(base, 'three.txt', 'Three.', { document_id: one });
    expect(renamed.body).toMatchObject({ id: one, name: 'three.txt', revision: 2 });
    const taken = await roost().upload(base, 'two.txt', 'Two!', { document_id: one });
    expect(taken).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(taken.body.detail).toContain(two);
    expect((await roost().upload(base, 'x.txt', 'x', { document_id: 'doc_none' })).body.code).toBe(
      'document_not_found',
    );
    await Promise.all([roost().until(base, one, 'ready'), roost().until(base, two, 'ready')]);
  });
});

describe('a hostile file', () => {
  it.each<[string, string, () => Buffer | string | Promise<Buffer>, string]>([
    ['a zip bomb', 'a.docx', zipBomb, 'zip bombs'],
    ['an encrypted PDF', 'a.pdf', encryptedPdf, 'encrypted'],
    ['a broken PDF', 'a.pdf', async () => (await pdf('x')).subarray(0, 300), 'broken'],
    ['an empty file', 'a.txt', () => '', 'empty'],
    ['a PDF named as a text', 'a.txt', () => pdf('x'), 'is a PDF'],
  ])('such as %s fails with the reason, and nothing else suffers', async (_what, name, content, words) => {
    const base = await roost().base();
    const { body } = await roost().upload(base, name, await content());
    const good = await roost().text(base, 'Good', 'Tea is served.');
    const failed = await roost().until(base, body.id as string, 'failed');
    expect(failed.status.detail).toContain(words);
    expect(failed.published_revision).toBeNull();
    await roost().until(base, good.body.id as string, 'ready');
  });

  it('leaves what was found before', async () => {
    const base = await roost().base();
    const { body } = await roost().upload(base, 'a.pdf', await pdf('We open at nine.'));
    const id = body.id as string;
    await roost().until(base, id, 'ready');
    await roost().upload(base, 'a.pdf', 'no PDF at all');
    expect(await roost().until(base, id, 'failed')).toMatchObject({ revision: 2, published_revision: 1 });
    expect(roost().store.found(id)).toContain('We open at nine.');
  });
});
