import type { IncomingMessage } from 'node:http';
import { HttpReceiver } from './http.receiver';

/** Takes runs as LangSmith does, one by one in parts of a form, and keeps what it was told as text. */
export class LangSmithReceiver extends HttpReceiver {
  /** With which keys it was asked. */
  readonly keys = new Set<string>();

  static start(): Promise<LangSmithReceiver> {
    return new LangSmithReceiver().listen();
  }

  protected override async take(request: IncomingMessage): Promise<object> {
    this.keys.add(String(request.headers['x-api-key']));
    if (request.method === 'GET' && request.url === '/info')
      return { version: '1.0.0', batch_ingest_config: { use_multipart_endpoint: true } };
    if (request.method !== 'POST' || request.url !== '/runs/multipart') throw new Error('no such address');
    await this.bodyOf(request);
    return {};
  }
}
