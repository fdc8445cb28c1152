import { KubernetesStandIn } from '@roost/testing';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../setup/bootstrap.mjs';

const PROGRAM = join(root, 'libs/launcher/src/conformance/program.mjs');
const RUN_MS = 180_000;

/** The command in a process of its own, which must not take itself for a part of this run. */
function command(kubeconfig: string | undefined, ...args: string[]): Promise<{ code: number; said: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|KUBECONFIG$)/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    NO_COLOR: '1',
    ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
  };
  const argv = [join(root, 'tools/local/k8s.mjs'), ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, argv, { env, timeout: RUN_MS }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

describe('npm run test:k8s', { timeout: 2 * RUN_MS }, () => {
  const fileOf = (server: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-kubeconfig-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'config');
    const cluster = { name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } };
    const context = { name: 'test', context: { cluster: 'test', user: 'test' } };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      users: [{ name: 'test', user: {} }],
    };
    writeFileSync(file, JSON.stringify({ ...config, clusters: [cluster], contexts: [context] }));
    return file;
  };

  it.each([
    ['without KUBECONFIG', undefined, 'KUBECONFIG is not set'],
    ['with an empty one', '', 'KUBECONFIG is not set'],
    ['with a file that is not there', '/nonexistent/config', 'KUBECONFIG names /nonexistent/config'],
  ])('refuses to begin %s', async (_how, kubeconfig, why) => {
    const { code, said } = await command(kubeconfig);
    expect(said).toContain(why);
    expect(said).not.toContain('RUN');
    expect(code).toBe(1);
  });

  it('runs the suite on the cluster that it names, and leaves nothing there', async () => {
    const cluster = await KubernetesStandIn.start({ command: [process.execPath, PROGRAM] });
    onTestFinished(() => cluster.close());
    const unbuilt = 'roost-test/never-built:1';
    cluster.faults.images[unbuilt] = { reason: 'ErrImagePull', message: `${unbuilt}: not found` };
    const some = 'launch (makes|lets|repeated|is refused)|remove (takes|of)';
    const { code, said } = await command(fileOf(cluster.url), '-t', some);
    expect(said).toMatch(/Tests +10 passed/);
    expect(code, said).toBe(0);
    const created = cluster.journal.filter((line) => line.startsWith('POST'));
    expect(created.length).toBeGreaterThanOrEqual(10);
    expect(new Set(created)).toEqual(new Set(['POST /api/v1/namespaces/roost-conformance/pods']));
    expect(cluster.store.list('roost-conformance')).toEqual([]);
  });

  it('says once why a cluster takes no instance', async () => {
    const cluster = await KubernetesStandIn.start({ command: [process.execPath, PROGRAM] });
    onTestFinished(() => cluster.close());
    const image = 'roost/conformance:1';
    cluster.faults.images[image] = { reason: 'ErrImagePull', message: `${image}: not found` };
    const { code, said } = await command(fileOf(cluster.url));
    expect(said).toContain('takes no instance');
    expect(said).toContain('docker build -t roost/conformance:1');
    expect(said).toMatch(/Tests .*1 failed \(1\)/);
    expect(code).toBe(1);
  });
});
