import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Messaging } from '@roost/messaging';
import pTimeout from 'p-timeout';
import type { Logger } from 'pino';
import { CONFIG, type ManagerConfig } from '../../config';
import { LOGGER } from '../../logging';
import { hashSecret, newSecret } from '../../secrets/token.hash';
import { AgentStatusPublisher } from '../agent-status.publisher';
import { InstanceEnding } from '../instance-ending.service';
import { InstanceLaunching } from '../instance-launching.service';
import { LifecycleEvents } from '../lifecycle.events';
import { Periodic } from '../periodic';
import { RoomRepository } from './room.repository';
import { StartQueueRepository } from './start-queue.repository';

/** Milliseconds after which a pass that hangs holds up the next one no more. */
const PASS_MS_MAX = 30_000;
/** Milliseconds between two looks at those who wait. */
const TICK_MS = 1_000;
/** Starts let in by one statement; more follow in the next. */
const BATCH_MAX = 50;
/** Seconds a stop may outlast its grace period before the reconciler steps in. */
const STOP_MARGIN_S = 15;

/** Starts take turns: over all managers so many at once, so many in all, and no key before its turn. */
@Injectable()
export class StartQueue implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private underWay: Promise<unknown> = Promise.resolve();
  private following: Promise<ReadonlySet<string>> | null = null;
  private closed = false;
  /** The places that were announced last, by agent. */
  private announced = new Map<string, number>();

  constructor(
    private readonly queue: StartQueueRepository,
    private readonly room: RoomRepository,
    private readonly launching: InstanceLaunching,
    private readonly ending: InstanceEnding,
    private readonly statuses: AgentStatusPublisher,
    private readonly messaging: Messaging,
    private readonly events: LifecycleEvents,
    private readonly periodic: Periodic,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.events.onEnded(() => this.admitInBackground());
    this.periodic.every('start-queue', TICK_MS, () => this.tick());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** What is let in from now on would not be launched any more: it is left to other managers. */
  async close(): Promise<void> {
    this.closed = true;
    await this.underWay;
  }

  /**
   * Launches those whose turn it is. Whoever asks during a pass shares the next one, which sees what they did.
   * @returns the instances of this manager's pass that had their turn.
   */
  admit(): Promise<ReadonlySet<string>> {
    if (this.following) return this.following;
    const next = this.underWay.then(() => {
      this.following = null;
      return pTimeout(this.pass(), { milliseconds: PASS_MS_MAX });
    });
    this.following = next;
    this.underWay = next.catch(() => undefined);
    return next;
  }

  /** A place may have become free. */
  admitInBackground(): void {
    this.admit().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'nobody was let in to start; the next look repeats this');
    });
  }

  private async pass(): Promise<ReadonlySet<string>> {
    const let_in = new Set<string>();
    const batch = Math.min(this.config.STARTING_AGENTS_MAX, BATCH_MAX);
    for (let more = !this.closed; more;) {
      const codes = Array.from({ length: batch }, () => newSecret('inst'));
      const admitted = await this.queue.admit(codes.map(hashSecret));
      for (const { code_index, ...instance } of admitted) {
        let_in.add(instance.id);
        const code = codes[code_index];
        if (code !== undefined) this.launching.launchInBackground(instance, code);
        this.inBackground(this.statuses.announce(instance.agent_id));
      }
      more = admitted.length === batch;
    }
    return let_in;
  }

  private async tick(): Promise<void> {
    if ((await this.queue.list()).length === 0) return this.announced.clear();
    await this.admit();
    await this.makeRoom();
    await this.announcePlaces();
  }

  /** Puts idle agents to sleep for those who wait for their places. */
  private async makeRoom(): Promise<void> {
    const grace = this.config.STOP_GRACE_SECONDS;
    for (let made = 0; made < this.config.STARTING_AGENTS_MAX; made += 1) {
      const instance = await this.room.takeFromIdlest(grace + STOP_MARGIN_S);
      if (!instance) return;
      this.logger.info({ agent_id: instance.agent_id }, 'an idle agent makes room for one that waits');
      this.inBackground(this.statuses.announce(instance.agent_id));
      this.ending.stopInBackground(instance, grace);
    }
  }

  private async announcePlaces(): Promise<void> {
    const before = this.announced;
    const waiting = await this.queue.list();
    this.announced = new Map(waiting.map(({ agent_id, position }) => [agent_id, position]));
    const moved = waiting.filter(({ agent_id, position }) => before.get(agent_id) !== position);
    await Promise.all(
      moved.map(({ agent_id, generation, position, as_of }) =>
        this.messaging.topics.publishAgentStatus({
          agent_id,
          state: 'starting',
          reason: null,
          detail: null,
          generation,
          queue_position: position,
          as_of,
        }),
      ),
    );
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.logger.warn({ err: error }, 'a status was not announced'));
  }
}
