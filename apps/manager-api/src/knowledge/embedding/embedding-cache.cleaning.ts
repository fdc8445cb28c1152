import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../../lifecycle/periodic';
import { EmbeddingCacheRepository } from './embedding-cache.repository';

const EVERY_MS = 600_000;

@Injectable()
export class EmbeddingCacheCleaning implements OnApplicationBootstrap {
  constructor(
    private readonly cache: EmbeddingCacheRepository,
    private readonly periodic: Periodic,
  ) {}

  onApplicationBootstrap(): void {
    this.periodic.every('embedding-cache-cleaning', EVERY_MS, () => this.cache.prune());
  }
}
