import { ServiceError } from '@roost/contracts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { useDocuments } from '../test/use.documents';

// Every document is read by a process of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

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
});
afterAll(() => site.close());
const roost = useDocuments(() => ({ TOOL_ALLOWED_HOSTS: new URL(site.origin).host }));

describe('a URL', () => {
  it('is fetched by the service, and again when it is given again', async () => {
    const base = await roost().base();
    const url = `${site.origin}/hours`;
    site.answers.set('/hours', {
      type: 'text/html; charset=utf-8',
      body: '<title>Hours</title><p>From nine.</p>',
    });
    const add = () => roost().manager.call('POST', `/knowledge-bases/${base}/documents`, { url });
    const { body, status } = await add();
    expect(status).toBe(202);
    const id = body.id as string;
    const first = await roost().until(base, id, 'ready');
    expect(first).toMatchObject({ source: 'url', name: url, type: 'html', revision: 1 });
    expect(roost().store.of(id)[0]).toMatchObject({ source_url: url, text: '# Hours\n\nFrom nine.' });

    await add();
    expect(await roost().until(base, id, 'ready')).toMatchObject({ revision: 1 });

    site.answers.set('/hours', { type: 'text/html', body: '<p>From ten.</p>' });
    await add();
    expect(await roost().until(base, id, 'ready')).toMatchObject({ revision: 2, published_revision: 2 });
    expect(roost().store.found(id)).toBe('From ten.');
  });

  it('that says something else at the next attempt is another revision: nothing of the first is found with it', async () => {
    const base = await roost().base();
    site.answers.set('/menu', { type: 'text/plain', body: 'Soup of yesterday.' });
    roost().embedder.before = () => {
      roost().embedder.before = () => Promise.resolve();
      site.answers.set('/menu', { type: 'text/plain', body: 'Soup of today.' });
      return Promise.reject(new ServiceError('embedding_unavailable', 'The model is away.'));
    };
    const { body } = await roost().manager.call('POST', `/knowledge-bases/${base}/documents`, {
      url: `${site.origin}/menu`,
    });
    const id = body.id as string;
    expect(await roost().until(base, id, 'ready')).toMatchObject({ revision: 2, published_revision: 2 });
    expect(roost().store.found(id)).toBe('Soup of today.');
  });

  it.each([
    ['that is not there', '/none', 'status 404'],
    ['of an unknown kind', '/picture', 'image/png'],
    ['that is too large', '/large', 'more than 300000 bytes'],
  ])('%s is a failed document', async (_what, path, words) => {
    site.answers.set('/picture', { type: 'image/png', body: 'x' });
    site.answers.set('/large', { type: 'text/plain', body: 'x'.repeat(400_000) });
    const base = await roost().base();
    const { body } = await roost().manager.call('POST', `/knowledge-bases/${base}/documents`, {
      url: `${site.origin}${path}`,
    });
    const { status } = await roost().until(base, body.id as string, 'failed');
    expect(status.detail).toContain(words);
  });

  it.each(['http://169.254.169.254/latest/meta-data/', 'http://127.0.0.1:10001/', 'http://10.0.0.1/'])(
    'to where nobody may point is refused: %s',
    async (url) => {
      const base = await roost().base();
      const { body } = await roost().manager.call('POST', `/knowledge-bases/${base}/documents`, { url });
      const { status } = await roost().until(base, body.id as string, 'failed');
      expect(status.detail).toMatch(/operator allow/);
      expect(roost().store.of(body.id as string)).toEqual([]);
    },
  );
});
