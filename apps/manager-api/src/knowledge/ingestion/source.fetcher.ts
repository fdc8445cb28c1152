import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { DocumentType } from '@roost/contracts/rest';
import { GuardedHttpClient, GuardedHttpError, type GuardedHttpErrorCode } from '@roost/guarded-http';
import { Readable } from 'node:stream';
import { CONFIG, type ManagerConfig } from '../../config';
import { fetchedType, SUPPORTED_TYPES } from '../documents/document.types';
import { DOCUMENT_FILES, type DocumentFiles, type ReceivedFile } from '../files/document.files';
import { PermanentFailure, TransientFailure } from './ingestion.failure';

/** Milliseconds for all of it: names, redirects, body. */
const FETCH_MS = 60_000;

const passing: readonly GuardedHttpErrorCode[] = ['timed_out', 'connection_failed', 'host_not_found'];

/** Fetches documents that were given as a URL, where users of the service may point. */
@Injectable()
export class SourceFetcher implements OnApplicationShutdown {
  private readonly client: GuardedHttpClient;

  constructor(
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(DOCUMENT_FILES) private readonly files: DocumentFiles,
  ) {
    this.client = new GuardedHttpClient({ allowed_hosts: config.TOOL_ALLOWED_HOSTS });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }

  /** @throws {PermanentFailure | TransientFailure} */
  async fetch(url: string, signal: AbortSignal): Promise<{ file: ReceivedFile; type: DocumentType }> {
    const { body, headers, ...answer } = await this.request(url, signal);
    const type = fetchedType(answer.url, headers['content-type']);
    if (!type) {
      const found = headers['content-type'] ?? 'no content type';
      throw new PermanentFailure(`The URL answered with ${found.slice(0, 100)}. ${SUPPORTED_TYPES}.`);
    }
    const file = await this.files.receive(Readable.from([body]), this.config.KNOWLEDGE_UPLOAD_BYTES_MAX);
    return { file, type };
  }

  private async request(url: string, signal: AbortSignal): ReturnType<GuardedHttpClient['request']> {
    try {
      const answer = await this.client.request({
        url,
        method: 'GET',
        headers: { accept: 'text/html, application/pdf, text/*;q=0.9, */*;q=0.5' },
        deadline_ms: FETCH_MS,
        response_bytes_max: this.config.KNOWLEDGE_UPLOAD_BYTES_MAX,
        signal,
      });
      const { status } = answer;
      if (status >= 200 && status < 300) return answer;
      const Failure = status === 408 || status === 429 || status >= 500 ? TransientFailure : PermanentFailure;
      throw new Failure(`The URL answered with status ${status}: check that it can be read by everybody.`);
    } catch (error) {
      if (!(error instanceof GuardedHttpError)) throw error;
      throw passing.includes(error.code)
        ? new TransientFailure(error.message)
        : new PermanentFailure(error.message);
    }
  }
}
