import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { newApiKeyId } from '@roost/contracts';
import { IsNull, Repository } from 'typeorm';
import { newestFirst, type PageRequest } from '../database/page';
import { ApiKeyEntity } from './api-key.entity';

@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKeyEntity) private readonly keys: Repository<ApiKeyEntity>) {}

  async create(key: Pick<ApiKeyEntity, 'name' | 'prefix' | 'secret_hash' | 'scopes'>): Promise<ApiKeyEntity> {
    return this.keys.save(this.keys.create({ ...key, id: newApiKeyId(), revoked_at: null }), {
      reload: true,
    });
  }

  /** Adds the key unless one with this secret exists, revoked or not. */
  async createOnce(key: Pick<ApiKeyEntity, 'name' | 'prefix' | 'secret_hash' | 'scopes'>): Promise<void> {
    await this.keys
      .createQueryBuilder()
      .insert()
      .values({ ...key, id: newApiKeyId(), revoked_at: null })
      .orIgnore()
      .execute();
  }

  findLive(secret_hash: Buffer): Promise<ApiKeyEntity | null> {
    return this.keys.findOneBy({ secret_hash, revoked_at: IsNull() });
  }

  isLive(id: string): Promise<boolean> {
    return this.keys.existsBy({ id, revoked_at: IsNull() });
  }

  page(request: PageRequest): Promise<ApiKeyEntity[]> {
    return newestFirst(this.keys.createQueryBuilder('row'), request).getMany();
  }

  /** Whether there is such a key; revoking twice is harmless. */
  async revoke(id: string): Promise<boolean> {
    await this.keys.update({ id, revoked_at: IsNull() }, { revoked_at: () => 'now()' });
    return this.keys.existsBy({ id });
  }
}
