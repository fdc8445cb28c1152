// What works in a fresh clone, before anything is installed: Node's own modules only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './progress.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** A mistake of the person at the keyboard: one line that says what to do. */
export class UserError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'UserError';
  }
}

/** @param {string} version */
export function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new UserError(
    `Node.js 20.19 or newer is needed and this is ${version}: install a newer one (see .nvmrc).`,
  );
}

/** Runs `npm ci` unless what is installed is what the lockfile says. */
export async function installPackages(directory = root) {
  if (installedAsLocked(directory)) return;
  const lock = join(directory, '.roost', 'install.pid');
  mkdirSync(dirname(lock), { recursive: true });
  takeInstallLock(lock);
  try {
    await step('Installing packages (npm ci)', () => npmCi(directory));
  } finally {
    rmSync(lock, { force: true });
  }
}

/** npm notes what it installed in node_modules/.package-lock.json, as its last act. @param {string} directory */
export function installedAsLocked(directory) {
  try {
    const locked = packagesOf(join(directory, 'package-lock.json'));
    const installed = packagesOf(join(directory, 'node_modules', '.package-lock.json'));
    return Object.entries(locked).every(
      // Optional packages are left out on platforms they are not for.
      ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** @param {string} lock */
function takeInstallLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
  } catch {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (isRunning(pid)) {
      throw new UserError(`Packages are being installed here by process ${pid}: wait until it is done.`);
    }
    writeFileSync(lock, String(process.pid));
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} directory */
async function npmCi(directory) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const child = npm?.endsWith('.js')
    ? spawn(process.execPath, [npm, ...args], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn('npm', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const interrupt = () => child.kill('SIGTERM');
  process.once('SIGTERM', interrupt);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output = (output + chunk).slice(0, 2_000)));
  }
  const tooLong = AbortSignal.timeout(15 * 60_000);
  tooLong.addEventListener('abort', interrupt);
  const [code] = await once(child, 'close');
  process.off('SIGTERM', interrupt);
  if (code === 0) return;
  const reason = tooLong.aborted ? 'not done after 15 minutes' : `exit code ${code}`;
  throw new UserError(`npm ci failed (${reason}); npm says:\n${output.trim()}`);
}
