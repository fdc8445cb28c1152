import { ApiClient } from '@roost/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataset } from './dataset';
import { KnowledgeClient } from './knowledge.client';

/** Plays the knowledge routes: a document is ready when it has been asked about twice. */
class KnowledgeApi {
  readonly files: { name: string; text: string }[] = [];
  readonly searches: unknown[] = [];
  finalState = 'ready';
  found = 'doc_0';
  private readonly asked = new Map<string, number>();
  private readonly server: Server = createServer((request, response) => {
    const parts: Uint8Array[] = [];
    request.on('data', (part: Uint8Array) => parts.push(part));
    request.on('end', () => {
      const body = new Response(Buffer.concat(parts), {
        headers: { 'content-type': request.headers['content-type'] ?? '' },
      });
      void this.answer(`${request.method ?? ''} ${request.url ?? ''}`, body).then((answer) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
      );
    });
  });

  async open(): Promise<ApiClient> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return new ApiClient(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`, 'key');
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(route: string, body: Response): Promise<unknown> {
    if (route === 'POST /knowledge-bases') return { id: 'kb_1' };
    if (route === 'POST /knowledge-bases/kb_1/documents') {
      const part = /name="file"; filename="(.*?)".*?\r\n\r\n(.*)\r\n--/s.exec(await body.text());
      this.files.push({ name: part?.[1] ?? '', text: part?.[2] ?? '' });
      return { id: `doc_${this.files.length - 1}`, status: { state: 'queued' } };
    }
    if (route === 'POST /knowledge-bases/kb_1/search') {
      this.searches.push(await body.json());
      return { results: [{ document_id: this.found, text: 'words' }] };
    }
    const times = (this.asked.get(route) ?? 0) + 1;
    this.asked.set(route, times);
    return { id: 'doc', status: { state: times < 2 ? 'embedding' : this.finalState, reason: 'too_large' } };
  }
}

describe('the knowledge base of an evaluation', () => {
  const documents = readDataset().documents.slice(0, 3);
  const signal = AbortSignal.timeout(20_000);
  let service: KnowledgeApi;
  let api: ApiClient;
  beforeEach(async () => {
    service = new KnowledgeApi();
    api = await service.open();
  });
  afterEach(() => service.close());

  it('gets each document as a Markdown file, without the front matter', async () => {
    await KnowledgeClient.fill(api, documents, signal);
    expect(service.files.map(({ name }) => name).sort()).toEqual(documents.map(({ id }) => `${id}.md`));
    for (const { text } of service.files) expect(documents.map((document) => document.text)).toContain(text);
  });

  it('is searched in one mode, and names documents as the set does', async () => {
    const knowledge = await KnowledgeClient.fill(api, documents, signal);
    const uploadedFirst = service.files[0]?.name.replace('.md', '');
    expect(await knowledge.search('tea', 'keyword', 10)).toEqual([
      { document_id: uploadedFirst, text: 'words' },
    ]);
    expect(service.searches).toEqual([{ query: 'tea', mode: 'keyword', limit: 10 }]);
  });

  it('is refused when a document cannot be ingested, and says which and why', async () => {
    service.finalState = 'failed';
    await expect(KnowledgeClient.fill(api, documents, signal)).rejects.toThrow(
      /en-[\w-]+ cannot be ingested: .*too_large/,
    );
  });

  it('holds nothing but the set', async () => {
    service.found = 'doc_of_another';
    const knowledge = await KnowledgeClient.fill(api, documents, signal);
    await expect(knowledge.search('tea', 'dense', 10)).rejects.toThrow(
      'doc_of_another, which was not uploaded',
    );
  });
});
