import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type {
  ApiKeyDto,
  ApiKeyPageDto,
  CreateApiKeyDto,
  CreatedApiKeyDto,
  PageQueryDto,
  Scope,
} from '@roost/contracts/rest';
import { Messaging } from '@roost/messaging';
import { CONFIG, type ManagerConfig } from '../config';
import { byCreation, pageRequest, toPage } from '../database/page';
import { hashSecret, newSecret } from '../secrets/token.hash';
import type { ApiKeyEntity } from './api-key.entity';
import { ApiKeysRepository } from './api-keys.repository';

const PREFIX_LENGTH = 12;

/** Enough to serve integrations, and no more. */
const gatewayScopes = ['agents:read', 'agents:run', 'users:assert', 'integrations:serve'] as const;

@Injectable()
export class ApiKeysService implements OnApplicationBootstrap {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly messaging: Messaging,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { BOOTSTRAP_API_KEY, GATEWAY_API_KEY } = this.config;
    await this.createOnce(BOOTSTRAP_API_KEY, 'bootstrap', ['admin']);
    await this.createOnce(GATEWAY_API_KEY, 'telegram-gateway', [...gatewayScopes]);
  }

  async create({ name, scopes }: CreateApiKeyDto): Promise<CreatedApiKeyDto> {
    if (scopes.length === 0) {
      throw new ServiceError('validation_failed', 'scopes: name at least one scope.', {
        errors: [{ field: 'scopes', message: 'name at least one scope' }],
      });
    }
    const secret = newSecret('roost');
    const key = await this.keys.create({ ...record(secret), name, scopes });
    return { ...toDto(key), key: secret };
  }

  async list(query: PageQueryDto): Promise<ApiKeyPageDto> {
    const request = pageRequest(query);
    return toPage(await this.keys.page(request), request, byCreation, toDto);
  }

  async revoke(id: string): Promise<void> {
    if (!(await this.keys.revoke(id)))
      throw new ServiceError('api_key_not_found', 'Look the id up with GET /api-keys.');
    await this.messaging.topics.publishCredentialRevoked({ api_key_id: id });
  }

  private async createOnce(secret: string | undefined, name: string, scopes: Scope[]): Promise<void> {
    if (secret !== undefined) await this.keys.createOnce({ ...record(secret), name, scopes });
  }
}

const record = (secret: string): Pick<ApiKeyEntity, 'prefix' | 'secret_hash'> => ({
  prefix: secret.slice(0, PREFIX_LENGTH),
  secret_hash: hashSecret(secret),
});

const toDto = (key: ApiKeyEntity): ApiKeyDto => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  created_at: key.created_at.toISOString(),
  revoked_at: key.revoked_at?.toISOString() ?? null,
});
