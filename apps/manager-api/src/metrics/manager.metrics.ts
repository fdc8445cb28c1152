import { Injectable } from '@nestjs/common';
import { type ErrorCode, type RunTimeline, timelineSpans } from '@roost/contracts';
import { DURATION_BUCKETS_S, MetricsRegistry } from '@roost/service-kit/metrics';
import { Counter, Gauge, Histogram } from 'prom-client';

const reconcilePasses = ['records', 'platform'] as const;
export type ReconcilePass = (typeof reconcilePasses)[number];

/** What one manager has done since it started. */
@Injectable()
export class ManagerMetrics {
  private readonly accepted: Counter;
  private readonly commit: Histogram;
  private readonly ended: Counter<'outcome' | 'error_code'>;
  private readonly spans: Histogram<'span' | 'wake'>;
  private readonly firstToken: Histogram<'wake'>;
  private readonly reconcile: Histogram<'pass'>;
  private readonly reconciled: Gauge<'pass'>;
  private readonly stepsFailed: Counter<'step'>;

  constructor({ registry }: MetricsRegistry) {
    const registers = [registry];
    const buckets = DURATION_BUCKETS_S;
    this.accepted = new Counter({
      name: 'roost_messages_accepted_total',
      help: 'Messages committed',
      registers,
    });
    this.commit = new Histogram({
      name: 'roost_message_commit_duration_seconds',
      help: 'Committing one message, as the manager waits for PostgreSQL',
      buckets,
      registers,
    });
    this.ended = new Counter({
      name: 'roost_messages_ended_total',
      help: 'Messages answered or failed, by outcome and error code',
      labelNames: ['outcome', 'error_code'],
      registers,
    });
    this.spans = new Histogram({
      name: 'roost_run_span_seconds',
      help: 'Where the time of answered messages went, by span and by how the agent woke for them',
      labelNames: ['span', 'wake'],
      buckets,
      registers,
    });
    this.firstToken = new Histogram({
      name: 'roost_first_token_seconds',
      help: 'From a message being accepted to the first token of its answer',
      labelNames: ['wake'],
      buckets,
      registers,
    });
    this.reconcile = new Histogram({
      name: 'roost_reconcile_duration_seconds',
      help: 'One pass of the reconciler over what is recorded, or over what the platform shows (records, platform), on the manager that made it',
      labelNames: ['pass'],
      buckets,
      registers,
    });
    this.reconciled = new Gauge({
      name: 'roost_reconcile_last_pass_timestamp_seconds',
      help: 'When this manager last ended such a pass of the reconciler, as Unix time; 0 when it made none',
      labelNames: ['pass'],
      registers,
    });
    for (const pass of reconcilePasses) this.reconciled.set({ pass }, 0);
    this.stepsFailed = new Counter({
      name: 'roost_reconcile_step_failures_total',
      help: 'Steps of the reconciler that failed and are repeated by the next pass, by step',
      labelNames: ['step'],
      registers,
    });
  }

  /** Steps are named by the reconciler's methods: some ten. */
  reconcileStepFailed(step: string): void {
    this.stepsFailed.inc({ step });
  }

  messageAccepted(): void {
    this.accepted.inc();
  }

  /** `joined` more messages ended with the same reply. */
  messageAnswered(timeline: RunTimeline | null, joined = 0): void {
    this.ended.inc({ outcome: 'done', error_code: '' }, 1 + joined);
    if (!timeline) return;
    const { wake, total_ms, last_token_ms } = timeline;
    for (const span of timelineSpans) {
      const ms = timeline[`${span}_ms`];
      if (ms !== null) this.spans.observe({ span, wake }, ms / 1_000);
    }
    if (last_token_ms !== null) this.firstToken.observe({ wake }, (total_ms - last_token_ms) / 1_000);
  }

  messageFailed(error_code: ErrorCode): void {
    this.ended.inc({ outcome: 'failed', error_code });
  }

  async timeCommit<Result>(commit: () => Promise<Result>): Promise<Result> {
    const stop = this.commit.startTimer();
    return commit().finally(stop);
  }

  async timeReconcile(pass: ReconcilePass, work: () => Promise<void>): Promise<void> {
    const stop = this.reconcile.startTimer({ pass });
    await work().finally(stop);
    this.reconciled.setToCurrentTime({ pass });
  }
}
