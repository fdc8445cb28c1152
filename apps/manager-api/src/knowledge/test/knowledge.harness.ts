import type { DocumentDto } from '@roost/contracts/rest';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Answer, ManagerHarness } from '../../test/manager.harness';
import { EMBEDDER } from '../embedding/embedder';
import { KNOWLEDGE_STORE } from '../store/knowledge.store';
import { HashEmbedder } from './hash.embedder';
import { MemoryKnowledgeStore } from './memory.knowledge.store';

/** A manager with a store in memory, real PostgreSQL, real parser processes, and a directory of its own. */
export class KnowledgeHarness {
  private constructor(
    readonly manager: ManagerHarness,
    readonly store: MemoryKnowledgeStore,
    readonly embedder: HashEmbedder,
    readonly directory: string,
  ) {}

  static async start(overrides: Record<string, string> = {}): Promise<KnowledgeHarness> {
    const store = new MemoryKnowledgeStore();
    const embedder = new HashEmbedder();
    const directory = await mkdtemp(join(tmpdir(), 'roost-knowledge-'));
    const manager = await ManagerHarness.start({ KNOWLEDGE_DIR: directory, ...overrides }, [
      { provide: KNOWLEDGE_STORE, useValue: store },
      { provide: EMBEDDER, useValue: embedder },
    ]);
    return new KnowledgeHarness(manager, store, embedder, directory);
  }

  async stop(): Promise<void> {
    await this.manager.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Makes a knowledge base. */
  async base(name = 'Shop'): Promise<string> {
    return (await this.manager.call('POST', '/knowledge-bases', { name })).body.id as string;
  }

  /** Sends a file as a form. */
  async upload(
    base: string,
    name: string,
    content: Buffer | string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
    const url = `http://127.0.0.1:${this.manager.manager.public_port}/knowledge-bases/${base}/documents`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.manager.key}`, ...headers },
      body: form,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  text(base: string, title: string, text: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return this.manager.call('POST', `/knowledge-bases/${base}/documents`, { title, text, ...more });
  }

  async document(base: string, id: string): Promise<DocumentDto> {
    return (await this.manager.call('GET', `/knowledge-bases/${base}/documents/${id}`)).body as DocumentDto;
  }

  /** The document once it is in this state, seen by its owner. */
  until(base: string, id: string, state: string, timeout = 90_000): Promise<DocumentDto> {
    return vi.waitFor(
      async () => {
        const document = await this.document(base, id);
        if (document.status.state !== state)
          throw new Error(`${id} is ${document.status.detail}, not ${state}`);
        return document;
      },
      { timeout, interval: 25 },
    );
  }

  /** Names of all files kept, relative to the directory. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }
}
