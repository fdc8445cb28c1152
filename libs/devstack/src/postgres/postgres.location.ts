import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canReach, type Account } from './postgres.account';

const standIns = '/var/lib/roost-local';

/** A directory for what the account `postgres` must get to when the repository lies below a closed one (/root). */
export function reachableBase(): string {
  return openDirectory(standIns, 0o755);
}

/** `dataDir` itself, or its stand-in below {@link reachableBase} when `account` cannot get there. Created. */
export function reachableDirectory(dataDir: string, account: Account | null): string {
  const wanted = resolve(dataDir);
  if (!account) return openDirectory(wanted, 0o700);
  openDirectory(wanted, 0o711);
  if (canReach(account, wanted)) return wanted;
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const standIn = openDirectory(join(reachableBase(), name), 0o711);
  writeFileSync(join(standIn, 'origin'), `${wanted}\n`);
  return standIn;
}

/** A strict umask would close what is created here to the account, hence the second step. */
function openDirectory(path: string, mode: number): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}
