import { Injectable } from '@nestjs/common';
import { LauncherUnavailableError, LaunchRefusedError, NoRoomError } from '@roost/launcher';
import { DURATION_BUCKETS_S, MetricsRegistry } from '@roost/service-kit/metrics';
import { Histogram } from 'prom-client';

export type LauncherOperation = 'launch' | 'stop' | 'remove' | 'inspect' | 'list' | 'logs' | 'ping';

/** How the platform that runs the agents answers. */
@Injectable()
export class LauncherMetrics {
  private readonly calls: Histogram<'operation' | 'outcome'>;

  constructor({ registry }: MetricsRegistry) {
    this.calls = new Histogram({
      name: 'roost_launcher_call_duration_seconds',
      help: 'Calls of the platform that runs the agents, by operation and outcome; a stop lasts as long as its grace period',
      labelNames: ['operation', 'outcome'],
      buckets: DURATION_BUCKETS_S,
      registers: [registry],
    });
  }

  async time<Result>(operation: LauncherOperation, call: () => Promise<Result>): Promise<Result> {
    const stop = this.calls.startTimer({ operation });
    try {
      const result = await call();
      stop({ outcome: 'ok' });
      return result;
    } catch (error) {
      stop({ outcome: outcomeOf(error) });
      throw error;
    }
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof NoRoomError) return 'no_room';
  if (error instanceof LauncherUnavailableError) return 'unavailable';
  return error instanceof LaunchRefusedError ? 'refused' : 'failed';
}
