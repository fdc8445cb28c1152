import type { Scope } from '@roost/contracts/rest';

/** Who is asking. */
export type Principal =
  | { kind: 'api_key'; id: string; scopes: readonly Scope[] }
  | ChatTokenPrincipal
  | { kind: 'instance'; instance_id: string; agent_id: string; generation: number }
  | { kind: 'anonymous' };

export interface ChatTokenPrincipal {
  kind: 'chat_token';
  agent_id: string;
  user_id: string;
  user_data: Record<string, unknown>;
  /** The key that made it; a revoked key ends its tokens. */
  api_key_id: string;
  /** Seconds of the Unix epoch. */
  expires_at: number;
}

export const hasScope = (principal: Principal, scope: Scope): boolean =>
  principal.kind === 'api_key' && (principal.scopes.includes(scope) || principal.scopes.includes('admin'));

/** Whose threads a principal begins and, chat clients, may see. */
export function ownerOf(principal: Principal): string {
  switch (principal.kind) {
    case 'api_key':
      return `key:${principal.id}`;
    case 'chat_token':
      return `user:${principal.user_id}`;
    case 'instance':
      return `instance:${principal.instance_id}`;
    case 'anonymous':
      return 'anonymous';
  }
}
