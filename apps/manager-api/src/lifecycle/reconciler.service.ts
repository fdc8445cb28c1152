import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { HEARTBEAT_LIFE_MS } from '@roost/contracts';
import type { Launcher, PresentInstance } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { ApprovalsService } from '../approvals/approvals.service';
import { CancellingService } from '../cancelling/cancelling.service';
import { MessagesRepository } from '../chat/messages.repository';
import { RepliesService } from '../chat/replies.service';
import { CONFIG, type ManagerConfig } from '../config';
import { LOGGER } from '../logging';
import { ManagerMetrics } from '../metrics/manager.metrics';
import { InboxService } from './inbox.service';
import { InstanceEnding } from './instance-ending.service';
import { type InstanceEntity, neverLaunched } from './instance.entity';
import { InstanceLaunching } from './instance-launching.service';
import { InstancesRepository } from './instances.repository';
import { LAUNCHER } from './launcher.provider';
import { type InstanceEnded, LifecycleEvents } from './lifecycle.events';
import { LifecycleService } from './lifecycle.service';
import { isOver, nameEnd, nameOverdue } from './observation';
import { Periodic } from './periodic';
import { PoolKeeper } from './pool/pool.keeper';
import { StartQueue } from './start-queue/start-queue.service';

const ITEMS_AT_ONCE = 8;
/** Milliseconds after which a step begins nothing more: where each call waits for its timeout, a pass must still end. */
const STEP_MS_MAX = 10_000;
/** Milliseconds of each second of a shutdown that launches under way have to end. */
const LAUNCHES_END_MS_A_SECOND = 250;

/** Compares what should run with what runs, and mends the difference. One manager at a time does this. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watching = new AbortController();

  constructor(
    private readonly instances: InstancesRepository,
    private readonly messages: MessagesRepository,
    private readonly replies: RepliesService,
    private readonly cancelling: CancellingService,
    private readonly approvals: ApprovalsService,
    private readonly inbox: InboxService,
    private readonly ending: InstanceEnding,
    private readonly lifecycle: LifecycleService,
    private readonly events: LifecycleEvents,
    private readonly periodic: Periodic,
    private readonly pool: PoolKeeper,
    private readonly starts: StartQueue,
    private readonly launching: InstanceLaunching,
    private readonly messaging: Messaging,
    private readonly metrics: ManagerMetrics,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.launcher.watch((instance_id) => this.inBackground(this.lookAt(instance_id)), this.watching.signal);
    this.events.onEnded((event) => this.inBackground(this.startAgain(event)));
    const interval_ms = this.config.RECONCILE_INTERVAL_MS;
    // Apart: a platform that hangs holds up only what needs it.
    this.periodic.every('reconcile', interval_ms, () =>
      this.metrics.timeReconcile('records', () => this.reconcile()),
    );
    this.periodic.every('reconcile-platform', interval_ms, () =>
      this.metrics.timeReconcile('platform', () => this.reconcilePlatform()),
    );
    this.periodic.every('idle-stop', this.config.AGENT_INACTIVITY_CHECK_INTERVAL * 1_000, () =>
      this.stopIdle(),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.watching.abort();
    // An instance that was let in and is not launched would be its agent's failure, once its start deadline is over.
    await this.starts.close();
    await this.launching.whenIdle(this.config.SHUTDOWN_SECONDS * LAUNCHES_END_MS_A_SECOND);
    await this.launcher.close();
  }

  /** One pass over what is recorded. */
  async reconcile(): Promise<void> {
    await this.pass([
      this.endOverdue,
      this.stopDisabled,
      this.takeInReports,
      this.endCancelled,
      this.expireApprovals,
      this.answerOwed,
    ]);
  }

  /** One pass over what the platform shows. */
  async reconcilePlatform(): Promise<void> {
    await this.pass([this.compare, this.removeKept]);
  }

  async stopIdle(): Promise<void> {
    const idle = await this.instances.listIdle(this.config.AGENT_INACTIVITY_TIMEOUT);
    await this.each(idle, (agent_id) => this.lifecycle.stopIfIdle(agent_id));
  }

  /** Each step stands alone. */
  private async pass(steps: (() => Promise<void>)[]): Promise<void> {
    for (const step of steps) {
      try {
        await step.call(this);
      } catch (error) {
        this.metrics.reconcileStepFailed(step.name);
        this.logger.warn({ err: error, step: step.name }, 'a reconcile step failed and will be repeated');
      }
    }
  }

  private async compare(): Promise<void> {
    const live = await this.instances.listLive();
    const present = new Map((await this.launcher.list()).map((seen) => [seen.instance_id, seen]));
    await this.each(live, async (instance) => {
      if (instance.by_hand) return this.checkHeartbeat(instance);
      const seen = present.get(instance.id) ?? null;
      if (isOver(instance, seen)) await this.ended(instance, seen);
    });
    await this.reapOrphans(live, [...present.values()]);
  }

  /** Of a program that a person runs nothing else is known. */
  private async checkHeartbeat(instance: InstanceEntity): Promise<void> {
    if (instance.state !== 'running') return;
    const silent = (await this.messaging.heartbeats.read(instance.agent_id))?.instance_id !== instance.id;
    if (silent && (await this.instances.hasRunFor(instance.id, HEARTBEAT_LIFE_MS)))
      await this.ended(instance, null);
  }

  /** What carries our label and has no owner: its record is gone, or says it has ended long ago. */
  private async reapOrphans(live: InstanceEntity[], present: PresentInstance[]): Promise<void> {
    const owned = new Set(live.map(({ id }) => id));
    const strays = present.filter((seen) => !owned.has(seen.instance_id));
    await this.each(strays, async ({ instance_id, state }) => {
      if (await this.pool.owns(instance_id)) return;
      const record = await this.instances.find(instance_id);
      // Born after `live` was read, or kept for its logs.
      if (record && (record.ended_at === null || (record.keep_until !== null && state === 'exited'))) return;
      this.logger.warn({ instance_id }, 'removing an instance that nobody owns');
      await this.launcher.remove(instance_id);
    });
  }

  /** Fenced off and recorded first: the kill that follows is then not taken for a crash. */
  private async endOverdue(): Promise<void> {
    await this.each(await this.instances.listOverdue(), async (instance) => {
      if (!(await this.instances.isOverdue(instance.id))) return;
      await this.ending.finish(instance, nameOverdue(instance, this.config));
      if (!neverLaunched(instance)) this.inBackground(this.launcher.stop(instance.id, 0));
    });
  }

  /** The manager that disabled them may not have lived to stop them. */
  private async stopDisabled(): Promise<void> {
    await this.each(await this.instances.listDisabledAtWork(), (agent_id) =>
      this.lifecycle.stop(agent_id, false),
    );
  }

  /** Reports whose hint was missed, or whose reader died between committing and showing them. */
  private async takeInReports(): Promise<void> {
    const waiting = await this.messaging.streams.occupied(
      'reports',
      await this.instances.listRecentlyActive(),
    );
    await this.each(waiting, (agent_id) => this.replies.takeIn(agent_id));
  }

  /** Before what is owed is answered. */
  private async endCancelled(): Promise<void> {
    await this.cancelling.endOverdue();
  }

  private async expireApprovals(): Promise<void> {
    await this.approvals.expire();
  }

  /** Wakes agents that owe an answer and sleep, and reminds running ones of what Redis may have forgotten. */
  private async answerOwed(): Promise<void> {
    await this.each(await this.messages.listSleepingDebtors(), (agent_id) => this.lifecycle.wake(agent_id));
    await this.each(await this.messages.listSlowDebtors(), async (agent_id) => {
      await this.replies.takeIn(agent_id);
      await this.inbox.sweep(agent_id);
    });
  }

  private async removeKept(): Promise<void> {
    await this.each(await this.instances.listRemovable(), (id) => this.ending.removeEnded(id));
  }

  /** Some side by side; one that fails holds up no other. The next pass repeats it, and what there was no time for. */
  private async each<Item>(items: Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
    const over = performance.now() + STEP_MS_MAX;
    await pLimit(ITEMS_AT_ONCE).map(items, async (item) => {
      if (performance.now() > over) return;
      try {
        await work(item);
      } catch (error) {
        this.logger.warn(
          { err: error, item: typeof item === 'string' ? item : undefined },
          'the next reconcile pass repeats this',
        );
      }
    });
  }

  private async lookAt(instance_id: string): Promise<void> {
    const instance = await this.instances.find(instance_id);
    if (!instance) return this.pool.lookAt(instance_id);
    if (instance.ended_at) return;
    const inspected = await this.launcher.inspect(instance_id);
    const seen = inspected.state === 'absent' ? null : inspected;
    if (isOver(instance, seen)) await this.ended(instance, seen);
  }

  private async ended(instance: InstanceEntity, seen: PresentInstance | null): Promise<void> {
    // Its state may have changed since it was read: an exit that was asked for is no failure.
    const now = (await this.instances.find(instance.id)) ?? instance;
    await this.ending.finish(now, nameEnd(now, seen));
  }

  private async startAgain({ agent_id, restart_wanted, starts_cold }: InstanceEnded): Promise<void> {
    if (starts_cold) await this.lifecycle.startCold(agent_id);
    else if (restart_wanted) await this.lifecycle.start(agent_id, 0);
    else if ((await this.messages.listOwed(agent_id, 1)).length > 0) await this.lifecycle.wake(agent_id);
  }

  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.logger.warn({ err: error }, 'the next reconcile pass repeats this'));
  }
}
