import { until } from '@roost/testing';
import type { DocumentDto } from '@roost/contracts/rest';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

/** An embedding endpoint that stops answering after some texts, until it is let go. */
class Embedder {
  readonly embedded: string[] = [];
  /** Texts it answers before it holds; the requests it holds then. */
  patience = Number.POSITIVE_INFINITY;
  held = 0;
  private readonly server = createServer((request, response) => {
    void text(request).then((body) => {
      const { input } = JSON.parse(body) as { input: string | string[] };
      const texts = [input].flat();
      if (this.embedded.length >= this.patience) {
        this.held += 1;
        return;
      }
      this.embedded.push(...texts);
      const data = texts.map((_, index) => ({ index, embedding: [1, 0, 0, index] }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data, usage: { prompt_tokens: 1, total_tokens: 1 } }));
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  letGo(): void {
    this.patience = Number.POSITIVE_INFINITY;
    this.server.closeAllConnections();
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const embedder = new Embedder();
const roost = useInstallation({
  env: { EMBEDDING_BASE_URL: await embedder.start(), EMBEDDING_API_KEY: 'sk-embed' },
});
afterAll(() => embedder.stop());

it('a document whose manager is killed in the middle is ingested by the next one, and nothing is embedded twice', async () => {
  const { api } = roost();
  const base = await api.call<{ id: string }>({
    method: 'POST',
    path: '/knowledge-bases',
    body: { name: 'Handbook' },
  });
  const paragraphs = Array.from(
    { length: 300 },
    (_, number) => `# Part ${number}\n\n${`Sentence ${number} tells of it. `.repeat(40)}`,
  );
  embedder.patience = 64;
  const { id } = await api.call<DocumentDto>({
    method: 'POST',
    path: `/knowledge-bases/${base.id}/documents`,
    body: { title: 'Long', text: paragraphs.join('\n\n') },
  });
  const document = (): Promise<DocumentDto> =>
    roost().api.call({ method: 'GET', path: `/knowledge-bases/${base.id}/documents/${id}` });
  const before = await until(
    'some of it is embedded, and the rest waits',
    async () => {
      const { status } = await document();
      return embedder.held > 0 && status.state === 'embedding' && status.done > 0 ? status : undefined;
    },
    30_000,
  );
  expect(before.done).toBeLessThan(before.total);
  const { manager } = roost();
  await manager.kill();
  embedder.letGo();
  await roost().startAgain(manager);
  const after = await until(
    'the document is ready',
    async () => {
      const { status } = await document();
      return ['ready', 'failed'].includes(status.state) ? status : undefined;
    },
    60_000,
  );
  expect(after).toMatchObject({ state: 'ready', done: before.total, total: before.total });
  expect(new Set(embedder.embedded).size).toBe(embedder.embedded.length);
});
