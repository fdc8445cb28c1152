import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface LocalSecrets {
  /** Encrypts secrets at rest: 32 bytes, base64. Lost, and what it encrypted is lost. */
  secrets_key: string;
  /** The first API key of the manager. */
  bootstrap_api_key: string;
}

/** Made at the first start and kept, readable by this user alone. */
export function localSecrets(file: string): LocalSecrets {
  if (!existsSync(file)) {
    const made: LocalSecrets = {
      secrets_key: randomBytes(32).toString('base64'),
      bootstrap_api_key: `roost_${randomBytes(32).toString('base64url')}`,
    };
    writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
}
