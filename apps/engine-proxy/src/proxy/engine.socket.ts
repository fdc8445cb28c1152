import { anySignal } from 'any-signal';
import { Agent, type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { Refusal } from '../calls/refusal';

/** Milliseconds the engine may take to begin its answer; a stop waits for the container's end. */
const ANSWER_MS = 300_000;
/** Milliseconds to look at a container. */
const LOOK_MS = 15_000;
const INSPECTION_BYTES_MAX = 1_048_576;

const Inspection = z.object({ Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }) });

export interface EngineRequest {
  method: string;
  /** With its query. */
  path: string;
  body: Buffer | null;
  signal: AbortSignal;
}

/** The engine, over its socket. */
export class EngineSocket {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 200, maxFreeSockets: 16 });

  constructor(private readonly socketPath: string) {}

  /** Resolves with the beginning of the engine's answer. @throws {Refusal} 502 or 504 without one. */
  ask({ method, path, body, signal }: EngineRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: this.socketPath,
        agent: this.agent,
        method,
        path,
        signal,
        headers: {
          host: 'docker',
          ...(body === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(body.length) }),
        },
      });
      outgoing.setTimeout(ANSWER_MS, () => outgoing.destroy(new Error('timeout')));
      outgoing.once('response', (answer) => {
        // Logs and events may be silent for long.
        outgoing.setTimeout(0);
        resolve(answer);
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        const late = error.message === 'timeout';
        reject(new Refusal(`the engine does not answer: ${error.code ?? error.message}`, late ? 504 : 502));
      });
      outgoing.end(body ?? undefined);
    });
  }

  /** The labels of a container; null when there is none of that name. */
  async labelsOf(container: string, signal: AbortSignal): Promise<Record<string, string> | null> {
    const ends = anySignal([AbortSignal.timeout(LOOK_MS), signal]);
    try {
      const path = `/containers/${container}/json`;
      const answer = await this.ask({ method: 'GET', path, body: null, signal: ends });
      const text = await contentOf(answer, INSPECTION_BYTES_MAX);
      if (answer.statusCode === 404) return null;
      if (answer.statusCode !== 200) throw new Refusal(`the engine does not show ${container}`, 502);
      const found = Inspection.safeParse(JSON.parse(text));
      if (!found.success) throw new Refusal(`the engine shows ${container} in a way that is not known`, 502);
      return found.data.Config.Labels ?? {};
    } finally {
      ends.clear();
    }
  }

  close(): void {
    this.agent.destroy();
  }
}

/** @throws {Refusal} when there is more than `bytes`. */
export async function contentOf(message: IncomingMessage, bytes: number): Promise<string> {
  return (await bytesOf(message, bytes)).toString('utf8');
}

/** @throws {Refusal} when there is more than `most`. */
export async function bytesOf(message: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Refusal(`the body is over ${most} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
