import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CONFIG, type ManagerConfig } from '../../config';
import type { DocumentFiles, DocumentPlace, ReceivedFile } from './document.files';

/** Milliseconds after which an upload that nobody kept is what a crash left over. */
const LEFTOVER_MS = 24 * 3_600_000;

/**
 * A directory: `incoming/<upload>` while it arrives, then `<knowledge base>/<document>/<SHA-256>`. No name in it comes
 * from a client.
 */
@Injectable()
export class DiskDocumentFiles implements DocumentFiles, OnApplicationBootstrap {
  private readonly root: string;

  constructor(@Inject(CONFIG) config: ManagerConfig) {
    this.root = resolve(config.KNOWLEDGE_DIR);
  }

  async onApplicationBootstrap(): Promise<void> {
    const uploads = await readdir(this.incoming()).catch(() => []);
    for (const upload of uploads) {
      const path = this.incoming(upload);
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > LEFTOVER_MS) await rm(path, { force: true });
    }
  }

  async receive(content: Readable, bytes_max: number): Promise<ReceivedFile> {
    const upload_id = randomUUID();
    const measured = new Measure(bytes_max);
    await mkdir(this.incoming(), { recursive: true, mode: 0o700 });
    try {
      await pipeline(content, measured, createWriteStream(this.incoming(upload_id), { mode: 0o600 }));
    } catch (error) {
      await rm(this.incoming(upload_id), { force: true });
      throw error;
    }
    return { upload_id, content_hash: measured.digest(), bytes: measured.bytes };
  }

  async keep({ upload_id, content_hash }: ReceivedFile, owner: DocumentPlace): Promise<void> {
    await mkdir(this.folder(owner), { recursive: true, mode: 0o700 });
    await rename(this.incoming(upload_id), this.path(owner, content_hash));
  }

  async discard({ upload_id }: ReceivedFile): Promise<void> {
    await rm(this.incoming(upload_id), { force: true });
  }

  path(owner: DocumentPlace, content_hash: string): string {
    return join(this.folder(owner), content_hash);
  }

  async keepOnly(owner: DocumentPlace, content_hash: string): Promise<void> {
    const names = await readdir(this.folder(owner)).catch(() => []);
    for (const name of names.filter((found) => found !== content_hash)) {
      await rm(join(this.folder(owner), name), { force: true });
    }
  }

  async removeDocument(owner: DocumentPlace): Promise<void> {
    await rm(this.folder(owner), { recursive: true, force: true });
  }

  async removeKnowledgeBase(knowledge_base_id: string): Promise<void> {
    await rm(join(this.root, knowledge_base_id), { recursive: true, force: true });
  }

  private incoming(upload_id = ''): string {
    return join(this.root, 'incoming', upload_id);
  }

  private folder({ knowledge_base_id, document_id }: DocumentPlace): string {
    return join(this.root, knowledge_base_id, document_id);
  }
}

/** Lets through what it counts and hashes, up to a number of bytes. */
class Measure extends Transform {
  private readonly hash = createHash('sha256');
  bytes = 0;

  constructor(private readonly bytes_max: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.bytes_max) {
      done(tooLarge(this.bytes_max));
      return;
    }
    this.hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return this.hash.digest('hex');
  }
}

export const tooLarge = (bytes_max: number): ServiceError =>
  new ServiceError(
    'payload_too_large',
    `A document may have ${bytes_max} bytes: send a smaller one, or let the operator raise KNOWLEDGE_UPLOAD_BYTES_MAX.`,
  );
