import { Inject, Injectable } from '@nestjs/common';
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONFIG, type ManagerConfig } from '../../config';
import type { Chunk } from '../chunking/chunk.text';
import { PermanentFailure, TransientFailure } from '../ingestion/ingestion.failure';
import type { ParseAnswer, ParseRequest } from './parse.request';
import { watchMemory } from './process.memory';

/** Bundled, the parser lies beside whatever chunk this is in; from source it is run as TypeScript. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ENTRIES = FROM_SOURCE ? ['../../parse.ts'] : ['./parse.js', '../parse.js'];
const ENTRY = ENTRIES.map((entry) => fileURLToPath(new URL(entry, import.meta.url))).find((path) =>
  existsSync(path),
);

/** Reads documents, each in a process of its own, bounded in memory and time. */
@Injectable()
export class DocumentParser {
  constructor(@Inject(CONFIG) private readonly config: ManagerConfig) {}

  /** @throws {PermanentFailure} when it cannot be read, takes too long or too much memory */
  async parse(request: ParseRequest, signal: AbortSignal): Promise<Chunk[]> {
    signal.throwIfAborted();
    const answer = await this.ask(this.start(), request, signal);
    if ('problem' in answer) throw new PermanentFailure(answer.problem);
    return answer.chunks;
  }

  private start(): ChildProcess {
    const heap = `--max-old-space-size=${this.config.KNOWLEDGE_PARSE_MEMORY_MB}`;
    if (ENTRY === undefined) throw new Error('parse.js is missing beside main.js: build the app again');
    return fork(ENTRY, [], {
      // Nothing it could give away.
      env: {},
      execArgv: FROM_SOURCE ? [heap, '--import', 'tsx'] : [heap],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
  }

  private ask(child: ChildProcess, request: ParseRequest, signal: AbortSignal): Promise<ParseAnswer> {
    const { KNOWLEDGE_PARSE_SECONDS: seconds, KNOWLEDGE_PARSE_MEMORY_MB: mb } = this.config;
    return new Promise((resolve, reject) => {
      const end = (error: Error): void => {
        reject(error);
        child.kill('SIGKILL');
      };
      const tooLong = `Reading the document took more than ${seconds} s: split it, or let the operator raise KNOWLEDGE_PARSE_SECONDS.`;
      const deadline = setTimeout(() => end(new PermanentFailure(tooLong)), seconds * 1_000);
      const memory = watchMemory(child.pid, mb, () => end(new PermanentFailure(tooMuchMemory(mb))));
      const aborted = (): void => end(signal.reason as Error);
      signal.addEventListener('abort', aborted);
      child.once('message', (answer) => resolve(answer as ParseAnswer));
      child.once('error', (cause) =>
        end(new TransientFailure('The parser could not be started.', { cause })),
      );
      child.once('exit', (code, killed) => {
        clearTimeout(deadline);
        clearInterval(memory);
        signal.removeEventListener('abort', aborted);
        // Where it has answered or was ended, this changes nothing.
        reject(new PermanentFailure(endedEarly(code, killed, mb)));
      });
      child.send(request, (error) => {
        if (error) reject(new TransientFailure('The parser could not be reached.', { cause: error }));
      });
    });
  }
}

const tooMuchMemory = (mb: number): string =>
  `Reading the document took more than ${mb} MiB of memory: split it, or let the operator raise KNOWLEDGE_PARSE_MEMORY_MB.`;

/** V8 aborts when its heap is full; the system kills when all memory is. */
const endedEarly = (code: number | null, signal: NodeJS.Signals | null, mb: number): string =>
  signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134
    ? tooMuchMemory(mb)
    : 'The document made its parser fail: it is probably broken.';
