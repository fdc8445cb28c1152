import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InstancesRepository } from './instances.repository';
import { Periodic } from './periodic';

const EVERY_MS = 3_600_000;

/** Forgets instances that ended long ago: their agents go on starting new ones. */
@Injectable()
export class InstancesCleaning implements OnApplicationBootstrap {
  constructor(
    private readonly instances: InstancesRepository,
    private readonly periodic: Periodic,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.every('instances-cleaning', EVERY_MS, () => this.instances.deleteOld());
  }
}
