import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Messaging } from '@roost/messaging';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';
import { InstancesRepository } from './instances.repository';
import { Periodic } from './periodic';

const EVERY_MS = 60_000;

/** Deletes Redis users whose instance does not live: the manager that ended it may not have lived to do so. */
@Injectable()
export class AccessSweep implements OnApplicationBootstrap {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly messaging: Messaging,
    private readonly periodic: Periodic,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.every('access-sweep', EVERY_MS, () => this.sweep());
  }

  async sweep(): Promise<void> {
    // Users first: an instance gets its user while its record lives.
    const holders = await this.messaging.instanceAccess.list();
    const live = await this.instances.filterLive(holders);
    for (const instance_id of holders.filter((holder) => !live.has(holder))) {
      this.logger.warn({ instance_id }, 'deleting the Redis user of an instance that does not live');
      await this.messaging.instanceAccess.revoke(instance_id);
    }
  }
}
