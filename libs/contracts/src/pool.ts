import { z } from 'zod';
import type { InstanceEnvironment } from './instance';

/**
 * The whole environment a pool member is created with: that of an instance, without an agent. `EXCHANGE_CODE` gives
 * it nothing but the means to wait, and works once.
 */
export interface PoolMemberEnvironment extends Omit<InstanceEnvironment, 'AGENT_ID'> {
  POOL: 'true';
}

/** Paths of pool members on the manager's internal port; what their bodies hold is their credential. */
export const poolPaths = {
  /** POST {@link PoolExchangeRequest} -> 200 {@link PoolExchangeResponse}; 401 when the code was used or has expired. */
  exchange: '/internal/pool/exchange',
  /** POST {@link PoolReadyRequest} -> 204: everything is loaded, the member waits. May be repeated. */
  ready: '/internal/pool/ready',
} as const;

export interface PoolExchangeRequest {
  instance_id: string;
  code: string;
}

export interface PoolExchangeResponse {
  /** Good for saying that this member is ready, and for nothing else. */
  token: string;
  /** A Redis user that reaches the member's own assignment alone. */
  redis: { username: string; password: string };
}

export interface PoolReadyRequest {
  instance_id: string;
  token: string;
}

/** Makes a waiting member an instance of the agent: it goes on as any instance, with an exchange of this code. */
export const PoolAssignment = z.object({
  agent_id: z.string(),
  code: z.string(),
  /** Of the manager that claimed the member, which need not be the one that started it. */
  config_url: z.string(),
});
export type PoolAssignment = z.infer<typeof PoolAssignment>;
