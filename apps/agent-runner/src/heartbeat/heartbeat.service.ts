import { type Heartbeat, HEARTBEAT_INTERVAL_MS } from '@roost/contracts';
import type { Heartbeats } from '@roost/messaging';
import type { Logger } from 'pino';
import type { Fence } from '../lifecycle/fence';

/** Says at intervals that this instance lives and what it works on. */
export class HeartbeatService {
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly agent_id: string,
    private readonly heartbeats: Heartbeats,
    private readonly state: () => Heartbeat,
    private readonly fence: Fence,
    private readonly logger: Logger,
  ) {}

  /** Resolves after the first beat, whether or not Redis took it. */
  async start(): Promise<void> {
    await this.beat();
    if (this.stopped || this.fence.isRaised) return;
    // A tenth of jitter, so that agents started together do not beat together.
    const interval = HEARTBEAT_INTERVAL_MS * (0.9 + Math.random() / 10);
    this.timer = setTimeout(() => void this.start(), interval);
  }

  /** Says it now. Resolves whether or not Redis took it. */
  async beat(): Promise<void> {
    try {
      await this.heartbeats.beat(this.agent_id, this.state());
    } catch (error) {
      this.fence.inspect(error);
      this.logger.warn({ err: error }, 'heartbeat failed');
    }
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
  }
}
