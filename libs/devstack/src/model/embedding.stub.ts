import type { Mountable } from '@copilotkit/aimock';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const DIMENSIONS = 256;
const DIMENSIONS_MAX = 4_096;

export interface EmbeddingRequest {
  model: string;
  input: string[];
  authorization: string | undefined;
}

/** How an embedding model lets its caller down, once. */
export interface EmbeddingFailure {
  status: number;
  retryAfterSeconds?: number;
  /** In place of the answer. */
  body?: unknown;
}

/**
 * Embeds over OpenAI's protocol without a model: texts that share words, or parts of them, are near. It knows no
 * meanings. aimock's own gives one vector to a whole request, and unlike texts are as near as like ones.
 */
export class EmbeddingStub implements Mountable {
  private received: EmbeddingRequest[] = [];
  private failures: EmbeddingFailure[] = [];

  /** The requests since the start or the last {@link reset}. */
  requests(): EmbeddingRequest[] {
    return this.received;
  }

  /** Fails the next `times` requests. */
  fail(failure: EmbeddingFailure, times = 1): void {
    this.failures.push(...Array<EmbeddingFailure>(times).fill(failure));
  }

  reset(): void {
    this.received = [];
    this.failures = [];
  }

  async handleRequest(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { model, input, dimensions } = JSON.parse(await bodyOf(request)) as {
      model: string;
      input: string | string[];
      dimensions?: number;
    };
    const texts = [input].flat();
    this.received.push({ model, input: texts, authorization: request.headers.authorization });
    const failure = this.failures.shift();
    if (failure) {
      const { status, retryAfterSeconds, body = { error: { message: 'As told.', type: 'stub' } } } = failure;
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
      answer(response, status, body);
      return true;
    }
    const length = Math.min(Math.max(dimensions ?? DIMENSIONS, 1), DIMENSIONS_MAX);
    const tokens = texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
    answer(response, 200, {
      object: 'list',
      model,
      data: texts.map((text, index) => ({ object: 'embedding', index, embedding: embed(text, length) })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
    return true;
  }
}

/** A hashed bag of words and of their beginnings, at length 1. */
function embed(text: string, length: number): number[] {
  const vector = new Array<number>(length).fill(0);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    for (const [feature, weight] of [
      [word, 1],
      [`${word.slice(0, 5)}…`, 0.7],
    ] as const) {
      const hash = createHash('md5').update(feature).digest();
      const place = hash.readUInt32LE(0) % length;
      vector[place] = (vector[place] ?? 0) + (hash.readUInt8(4) % 2 === 0 ? weight : -weight);
    }
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector.map(() => 1 / Math.sqrt(length)) : vector.map((value) => value / norm);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
