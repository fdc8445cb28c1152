import { Inject, Injectable } from '@nestjs/common';
import {
  type PoolExchangeRequest,
  type PoolExchangeResponse,
  type PoolReadyRequest,
  ServiceError,
} from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { CONFIG, type ManagerConfig } from '../../config';
import { hashSecret, newSecret } from '../../secrets/token.hash';
import type { InstanceEntity } from '../instance.entity';
import { configUrl } from '../instance-spec';
import { PoolRepository } from './pool.repository';

/** What members of the warm pool are given: the means to wait, then, once, an agent. */
@Injectable()
export class PoolService {
  constructor(
    private readonly members: PoolRepository,
    private readonly messaging: Messaging,
    @Inject(CONFIG) private readonly config: ManagerConfig,
  ) {}

  /**
   * The code is used up last: Redis being away does not spend it.
   * @throws {ServiceError} `unauthorized` when the code was used, has expired or belongs to another member.
   */
  async exchange({ instance_id, code }: PoolExchangeRequest): Promise<PoolExchangeResponse> {
    const token = newSecret('inst');
    const redis = await this.members.exchange(instance_id, hashSecret(code), hashSecret(token), () =>
      this.messaging.instanceAccess.grantPool(instance_id),
    );
    if (!redis) throw refused();
    return { token, redis };
  }

  /** @throws {ServiceError} `unauthorized` when the token is not that of a member. */
  async ready({ instance_id, token }: PoolReadyRequest): Promise<void> {
    if (!(await this.members.markReady(instance_id, hashSecret(token)))) throw refused();
  }

  /** Tells a claimed member whose instance it is now. @throws {Error} when Redis is away. */
  async assign({ id, agent_id }: Pick<InstanceEntity, 'id' | 'agent_id'>, code: string): Promise<void> {
    const config_url = configUrl(agent_id, this.config);
    await this.messaging.poolAssignments.assign(
      id,
      { agent_id, code, config_url },
      this.config.POOL_CLAIM_SECONDS * 1_000,
    );
  }
}

const refused = (): ServiceError =>
  new ServiceError(
    'unauthorized',
    'The code was used already, has expired, or is not for this instance. The pool starts another one.',
  );
