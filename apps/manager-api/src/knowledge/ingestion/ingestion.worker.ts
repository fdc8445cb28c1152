import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { anySignal } from 'any-signal';
import type { Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG, type ManagerConfig } from '../../config';
import { LOGGER } from '../../logging';
import { type Claim, ClaimsRepository, RENEWAL_MS } from './claims.repository';
import { ClaimLost, explained } from './ingestion.failure';
import { IngestionQueue, type TakenJob } from './ingestion.queue';
import { Ingestion } from './ingestion.service';

/** Milliseconds between two looks for a job; a manager that accepts a document looks at once. */
const POLL_MS = 2_000;
/** A document just replaced is busy until its former worker notices, or its lease ends. */
const BUSY_MS_MAX = 20_000;
const BUSY_POLL_MS = 500;
/** Milliseconds in which a worker that is told to stop must have. */
const STOP_MS = 5_000;

/**
 * Takes jobs and works on them, a bounded number at a time. pg-boss's own worker loop is not used: it leaves the
 * promises of its last words floating, so that a database that is away for a moment would end the process.
 */
@Injectable()
export class IngestionWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private waking = new AbortController();

  constructor(
    private readonly queue: IngestionQueue,
    private readonly claims: ClaimsRepository,
    private readonly ingestion: Ingestion,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    for (let slot = 0; slot < this.config.KNOWLEDGE_INGESTION_CONCURRENCY; slot += 1) {
      this.loops.push(this.loop());
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.nudge();
    await Promise.race([Promise.all(this.loops), delay(STOP_MS, undefined, { ref: false })]);
  }

  /** There is something to do. */
  nudge(): void {
    this.waking.abort();
    this.waking = new AbortController();
  }

  private async loop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const woken = this.waking.signal;
      const worked = await this.workOnce().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'an ingestion was interrupted and will be taken up again');
        return false;
      });
      if (worked) continue;
      const until = anySignal([woken, this.stopping.signal]);
      await pause(POLL_MS, until).finally(() => until.clear());
    }
  }

  private async workOnce(): Promise<boolean> {
    const job = await this.queue.take();
    if (!job) return false;
    const outcome = await this.claimed(job);
    switch (outcome.kind) {
      case 'obsolete':
        await this.queue.complete(job.job_id);
        return true;
      case 'busy':
        await this.queue.fail(job.job_id, 'another worker has the document');
        return true;
      case 'claimed':
        await this.work(job, outcome.claim, (signal) =>
          this.ingestion.ingest(outcome.claim, outcome.document, signal),
        );
        return true;
    }
  }

  private async claimed({ document_id, job_id }: TakenJob): ReturnType<ClaimsRepository['claim']> {
    for (let waited = 0; ; waited += BUSY_POLL_MS) {
      const outcome = await this.claims.claim(document_id, job_id);
      if (outcome.kind !== 'busy' || waited >= BUSY_MS_MAX || this.stopping.signal.aborted) return outcome;
      await pause(BUSY_POLL_MS, this.stopping.signal);
    }
  }

  private async work(
    job: TakenJob,
    claim: Claim,
    ingest: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const lost = new AbortController();
    const renewal = this.renew(claim, lost);
    const stop = anySignal([lost.signal, this.stopping.signal]);
    try {
      await ingest(stop);
      await this.queue.complete(job.job_id);
    } catch (error) {
      if (this.stopping.signal.aborted) await this.claims.handBack(claim);
      await this.settle(job, claim, lost.signal.aborted ? new ClaimLost() : error);
    } finally {
      clearInterval(renewal);
      stop.clear();
    }
  }

  private async settle(job: TakenJob, claim: Claim, error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return this.queue.complete(job.job_id);
    if (error instanceof ClaimLost) {
      // Of no more use when the document was deleted or replaced: whoever takes the job again sees that.
      await this.claims.release(claim);
      return this.queue.fail(job.job_id, 'the claim was lost');
    }
    const { permanent, problem } = explained(error);
    const over = permanent || job.last_attempt;
    this.logger.warn({ err: error, document_id: claim.document_id, over }, 'an ingestion failed');
    await this.claims.write(claim, { state: over ? 'failed' : 'queued', problem });
    await this.claims.release(claim);
    if (over) await this.queue.complete(job.job_id);
    else await this.queue.fail(job.job_id, problem);
  }

  /** Until the lease could have ended without our noticing, a database that does not answer is waited for. */
  private renew(claim: Claim, lost: AbortController): NodeJS.Timeout {
    let misses = 0;
    return setInterval(() => {
      this.claims.write(claim, {}).then(
        (held) => {
          misses = 0;
          if (!held) lost.abort(new ClaimLost());
        },
        () => {
          misses += 1;
          if (misses >= 3) lost.abort(new ClaimLost());
        },
      );
    }, RENEWAL_MS).unref();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
