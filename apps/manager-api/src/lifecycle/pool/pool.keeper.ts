import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type Launcher, LaunchRefusedError } from '@roost/launcher';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { CONFIG, type ManagerConfig } from '../../config';
import { LOGGER } from '../../logging';
import { hashSecret, newSecret } from '../../secrets/token.hash';
import { LAUNCHER } from '../launcher.provider';
import { Periodic } from '../periodic';
import type { PoolInstanceEntity } from './pool-instance.entity';
import { memberSpec, targetSize } from './pool-template';
import { PoolRepository } from './pool.repository';

/** Milliseconds a claimed member has the machine for its first answer, before the next one is started. */
const REFILL_DELAY_MS = 500;
/** Milliseconds before members are started again after the n-th failure in a row. */
const backoff = (failures: number): number =>
  Math.min(60_000, 500 * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2);

/** Keeps the warm pool full: removes what cannot be claimed, replaces what is outdated, adds what is missing. */
@Injectable()
export class PoolKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private filling: Promise<void> | null = null;
  private wanted = false;
  private soon: NodeJS.Timeout | null = null;
  private closed = false;
  private failures = 0;
  private notBefore = 0;

  constructor(
    private readonly members: PoolRepository,
    private readonly periodic: Periodic,
    private readonly messaging: Messaging,
    @Inject(LAUNCHER) private readonly launcher: Launcher,
    @Inject(CONFIG) private readonly config: ManagerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { POOL_SIZE } = this.config;
    const fits = targetSize(this.config);
    if (fits < POOL_SIZE)
      this.logger.warn({ POOL_SIZE, fits }, 'POOL_SIZE is cut to what POOL_MEMORY_BUDGET_MB holds; raise it');
    this.periodic.every('pool', this.config.RECONCILE_INTERVAL_MS, () => this.tend());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closed = true;
    if (this.soon) clearTimeout(this.soon);
    await this.filling;
  }

  /** One pass. Any manager may refill; one at a time does this. */
  async tend(): Promise<void> {
    for (const id of await this.members.listOverdue()) {
      if (await this.discard(id)) this.failed(`${id} was not ready in time; look at its logs`);
    }
    for (const member of await this.members.list()) await this.check(member);
    const outdated = await this.members.findReplaceable();
    if (outdated !== null) await this.discard(outdated);
    await this.refill();
  }

  /** Something ended on the platform: perhaps a member. */
  async lookAt(instance_id: string): Promise<void> {
    const member = await this.members.find(instance_id);
    if (!member) return;
    await this.check(member);
    this.refillInBackground();
  }

  /** Whether it waits in the pool. Asked before the instances are: a claim moves it there. */
  async owns(instance_id: string): Promise<boolean> {
    return (await this.members.find(instance_id)) !== null;
  }

  refillInBackground(): void {
    void this.refill();
  }

  /** After a claim. Many claims in a row lead to one refill. */
  refillSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.refillInBackground();
    }, REFILL_DELAY_MS);
  }

  /** Never rejects: what fails is repeated by the next pass. Calls meanwhile lead to one more round. */
  private refill(): Promise<void> {
    this.wanted = true;
    this.filling ??= this.fill()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'the pool was not refilled; repeated soon'))
      .finally(() => (this.filling = null));
    return this.filling;
  }

  private async fill(): Promise<void> {
    while (this.wanted && !this.closed) {
      this.wanted = false;
      if (targetSize(this.config) === 0 || Date.now() < this.notBefore) return;
      const codes: string[] = [];
      const newCode = (): Buffer => {
        const code = newSecret('inst');
        codes.push(code);
        return hashSecret(code);
      };
      const added = await this.members.addMissing(newCode, this.config.START_DEADLINE_SECONDS);
      // One after the other: they must not take the machine from those who wait for an answer.
      for (const [index, member] of added.entries()) await this.launch(member, codes[index] ?? '');
    }
  }

  private async launch({ id }: PoolInstanceEntity, code: string): Promise<void> {
    try {
      if (this.closed) throw new Error('the manager is shutting down');
      await this.launcher.launch(memberSpec(id, code, this.config));
      this.logger.info({ instance_id: id }, 'pool member launched');
    } catch (error) {
      // Should it run all the same, nobody owns it, and it is removed as an orphan.
      await this.members.delete(id);
      if (!this.closed) this.failed(error instanceof LaunchRefusedError ? error.message : String(error));
    }
  }

  /** Unknown is not gone: where the platform does not answer, the next pass looks again. */
  private async check({ id, state, deadline }: PoolInstanceEntity): Promise<void> {
    const seen = await this.launcher.inspect(id);
    if (seen.state === 'running' || seen.state === 'created') {
      if (state === 'ready') this.failures = 0;
      return;
    }
    // Perhaps its launch is under way; its deadline ends that.
    if (seen.state === 'absent' && state === 'starting' && deadline !== null) return;
    if ((await this.discard(id)) && state === 'starting') this.failed(`${id} ended before it was ready`);
  }

  /** @returns false when it was claimed meanwhile: then it is left alone. */
  private async discard(id: string): Promise<boolean> {
    if (!(await this.members.delete(id))) return false;
    await this.messaging.instanceAccess.revoke(id);
    await this.launcher.remove(id);
    return true;
  }

  private failed(detail: string): void {
    this.failures += 1;
    this.notBefore = Date.now() + backoff(this.failures);
    this.logger.warn({ detail, failures: this.failures }, 'a pool member did not start');
  }
}
