import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedAsLocked, installPackages, requireNode } from './bootstrap.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  mkdirSync(join(root, 'node_modules'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const write = (file: string, packages: Record<string, object>) => {
  writeFileSync(join(root, file), JSON.stringify({ packages }));
};
const lock = {
  '': {},
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b': { version: '2.0.0', optional: true },
};

describe('requireNode', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('takes %s', (version) => {
    expect(() => requireNode(version)).not.toThrow();
  });
  it.each(['18.20.0', '20.18.3'])('refuses %s and says what to do', (version) => {
    expect(() => requireNode(version)).toThrow(
      `Node.js 20.19 or newer is needed and this is ${version}: install a newer one (see .nvmrc).`,
    );
  });
});

describe('packages', () => {
  it('are installed when npm noted every locked version', () => {
    write('package-lock.json', lock);
    write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
    expect(installedAsLocked(root)).toBe(true);
  });

  it.each([
    ['another version is there', { 'node_modules/a': { version: '0.9.0' } }],
    ['one is missing', {}],
  ])('are to be installed when %s', (_, installed) => {
    write('package-lock.json', lock);
    write('node_modules/.package-lock.json', installed);
    expect(installedAsLocked(root)).toBe(false);
  });

  it('are to be installed when an installation was cut off', () => {
    write('package-lock.json', lock);
    expect(installedAsLocked(root)).toBe(false);
  });

  it('are not installed twice at once', async () => {
    mkdirSync(join(root, '.roost'));
    writeFileSync(join(root, '.roost', 'install.pid'), String(process.ppid));
    await expect(installPackages(root)).rejects.toThrow(
      `Packages are being installed here by process ${process.ppid}: wait until it is done.`,
    );
  });

  it('that cannot be installed end in npm’s own words', async () => {
    await expect(installPackages(root)).rejects.toThrow(
      /^npm ci failed \(exit code \d+\)[^]*package-lock\.json/,
    );
  });
});
