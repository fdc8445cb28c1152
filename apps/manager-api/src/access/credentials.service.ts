import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { Messaging } from '@roost/messaging';
import { LRUCache } from 'lru-cache';
import { InstanceCredentialsRepository } from '../lifecycle/instance-credentials.repository';
import { hashSecret } from '../secrets/token.hash';
import { ApiKeysRepository } from './api-keys.repository';
import { ChatTokensService } from './chat-tokens.service';
import type { Principal } from './principal';

/** How long a key's record may be out of date on a manager that missed its revocation. */
const CACHE_MS = 30_000;

type ApiKeyPrincipal = Extract<Principal, { kind: 'api_key' }>;

/** Finds out who a credential belongs to. */
@Injectable()
export class CredentialsService implements OnModuleInit, OnModuleDestroy {
  private readonly keys = new LRUCache<string, ApiKeyPrincipal>({ max: 10_000, ttl: CACHE_MS });
  private readonly revokedListeners = new Set<(api_key_id: string) => void>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly apiKeys: ApiKeysRepository,
    private readonly chatTokens: ChatTokensService,
    private readonly instances: InstanceCredentialsRepository,
    private readonly messaging: Messaging,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.messaging.topics.onCredentialRevoked(({ api_key_id }) => {
      for (const [hash, key] of this.keys.entries()) if (key.id === api_key_id) this.keys.delete(hash);
      for (const listener of this.revokedListeners) listener(api_key_id);
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  /** Calls `listener` when a key is revoked. Sockets re-check from time to time as well: this may be missed. */
  onRevoked(listener: (api_key_id: string) => void): () => void {
    this.revokedListeners.add(listener);
    return () => this.revokedListeners.delete(listener);
  }

  /** @throws {ServiceError} `unauthorized` when the credential is not valid. */
  async authenticate(credential: string): Promise<Principal> {
    const principal = await this.find(credential);
    if (!principal) {
      throw new ServiceError(
        'unauthorized',
        'The credential is unknown, expired or revoked. Use an API key or a fresh chat token.',
      );
    }
    return principal;
  }

  /** Whether a principal that was valid once still is. */
  async stillValid(principal: Principal): Promise<boolean> {
    switch (principal.kind) {
      case 'anonymous':
        return true;
      case 'api_key':
        return this.apiKeys.isLive(principal.id);
      case 'chat_token':
        return principal.expires_at * 1_000 > Date.now() && (await this.apiKeys.isLive(principal.api_key_id));
      case 'instance':
        return false;
    }
  }

  private async find(credential: string): Promise<Principal | null> {
    if (credential.startsWith('roost_')) return this.findKey(credential);
    if (credential.startsWith('inst_')) return this.instances.findPrincipal(hashSecret(credential));
    const token = await this.chatTokens.verify(credential);
    return token && (await this.stillValid(token)) ? token : null;
  }

  private async findKey(secret: string): Promise<ApiKeyPrincipal | null> {
    const hash = hashSecret(secret);
    const cached = this.keys.get(hash.toString('hex'));
    if (cached) return cached;
    const key = await this.apiKeys.findLive(hash);
    if (!key) return null;
    const principal: ApiKeyPrincipal = { kind: 'api_key', id: key.id, scopes: key.scopes };
    this.keys.set(hash.toString('hex'), principal);
    return principal;
  }
}
