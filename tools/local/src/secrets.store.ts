import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface LocalSecrets {
  /** Encrypts secrets at rest: 32 bytes, base64. Lost, and what it encrypted is lost. */
  secrets_key: string;
  /** The first API key of the manager. */
  bootstrap_api_key: string;
  /** The key of the Telegram gateway. */
  gateway_api_key: string;
  /** Of the role that sees the gateway's schema alone. */
  gateway_database_password: string;
}

const newKey = (): string => `roost_${randomBytes(32).toString('base64url')}`;

/** Made at the first start and kept, readable by this user alone. */
export function localSecrets(file: string): LocalSecrets {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<LocalSecrets>) : {};
  const secrets: LocalSecrets = {
    secrets_key: kept.secrets_key ?? randomBytes(32).toString('base64'),
    bootstrap_api_key: kept.bootstrap_api_key ?? newKey(),
    gateway_api_key: kept.gateway_api_key ?? newKey(),
    gateway_database_password: kept.gateway_database_password ?? randomBytes(24).toString('hex'),
  };
  // An older stack had fewer.
  if (Object.keys(kept).length < Object.keys(secrets).length)
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}
