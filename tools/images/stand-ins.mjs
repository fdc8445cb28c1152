// Builds local images that stand in for node, postgres and redis on a machine without an image
// registry. Needs root, Debian 12 or later, a running Docker Engine, and the Debian and npm registries.
// Usage: node tools/images/stand-ins.mjs       prints one NAME=image line for each on standard output
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const suite = 'bookworm';
const mirror = process.env.DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';
const nodeVersion = '24.21.0';
// npm 11 asks the registry for every platform's optional packages, and a partial mirror fails it.
const npmVersion = '10.9.4';
const base = `roost-local/debian:${suite}`;
const inputsLabel = 'dev.roost.stand-in.inputs';

/** Variable that docker-compose.yml reads -> the stand-in for it. */
const standIns = {
  NODE_IMAGE: { folder: 'node', tag: 'roost-local/node:24' },
  POSTGRES_IMAGE: { folder: 'postgres', tag: 'roost-local/postgres:15' },
  REDIS_IMAGE: { folder: 'redis', tag: 'roost-local/redis:7' },
};

const say = (text) => process.stderr.write(`stand-ins: ${text}\n`);
const digest = (...parts) => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', timeout: 600_000, ...options });
  } catch (error) {
    if (error.code === 'ENOENT')
      fail(`${command} is missing; install it with: apt-get install ${packages[command]}`);
    fail(`${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
}
const packages = { docker: 'docker.io', mmdebstrap: 'mmdebstrap', npm: 'npm' };

function fail(text) {
  say(`failed: ${text}`);
  process.exit(1);
}

/** Installs a Debian tool that this script needs when PATH lacks it. */
function ensure(command) {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
  } catch {
    say(`installing the Debian package ${packages[command]}`);
    run('apt-get', ['update']);
    run('apt-get', ['install', '-y', '--no-install-recommends', packages[command]], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
}

/** Which inputs an image was built from, or '' when there is no such image. */
function builtFrom(tag) {
  try {
    const format = `{{index .Config.Labels "${inputsLabel}"}}`;
    return execFileSync('docker', ['image', 'inspect', '--format', format, tag], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

function buildBase(inputs, scratch) {
  ensure('mmdebstrap');
  say(`${base}: unpacking Debian ${suite} (about 20 s)`);
  const root = join(scratch, 'root.tar');
  run('mmdebstrap', ['--variant=apt', suite, root, mirror]);
  run('docker', ['import', '--change', `LABEL ${inputsLabel}=${inputs}`, root, base]);
}

/** Downloads a package from the npm registry, checked against the registry's integrity value. */
function unpack(name, version, target) {
  mkdirSync(target, { recursive: true });
  const [archive] = JSON.parse(
    run('npm', ['pack', `${name}@${version}`, '--json', '--pack-destination', target]),
  );
  run('tar', ['-xzf', join(target, archive.filename), '-C', target, '--strip-components=1']);
  rmSync(join(target, archive.filename));
}

function buildStandIn({ folder, tag }, inputs, scratch) {
  say(`${tag}: building`);
  const context = join(scratch, folder);
  cpSync(join(here, 'stand-ins', folder), context, { recursive: true });
  if (folder === 'node') {
    unpack(`node-linux-${process.arch}`, nodeVersion, join(context, 'node'));
    unpack('npm', npmVersion, join(context, 'npm'));
  }
  const label = `${inputsLabel}=${inputs}`;
  run('docker', ['build', '--build-arg', `BASE=${base}`, '--label', label, '--tag', tag, context]);
}

function inputsOf(folder, baseInputs) {
  const files = readdirSync(join(here, 'stand-ins', folder)).sort();
  const versions = folder === 'node' ? [nodeVersion, npmVersion] : [];
  return digest(
    baseInputs,
    ...versions,
    ...files.map((file) => readFileSync(join(here, 'stand-ins', folder, file), 'utf8')),
  );
}

run('docker', ['version', '--format', '{{.Server.Version}}']);
const scratch = mkdtempSync(join(tmpdir(), 'roost-stand-ins-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const baseInputs = digest(suite, mirror, process.arch);
if (builtFrom(base) !== baseInputs) buildBase(baseInputs, scratch);
for (const [variable, standIn] of Object.entries(standIns)) {
  const inputs = inputsOf(standIn.folder, baseInputs);
  if (builtFrom(standIn.tag) === inputs) say(`${standIn.tag}: up to date`);
  else buildStandIn(standIn, inputs, scratch);
  process.stdout.write(`${variable}=${standIn.tag}\n`);
}
