import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root, UserError } from '../setup/bootstrap.mjs';

const vitest = join(root, 'node_modules', '.bin', 'vitest');
const config = join('libs', 'launcher', 'src', 'kubernetes', 'vitest.config.ts');

/** `npm run test:k8s`: the launcher's conformance suite on the cluster that KUBECONFIG names. */
export async function main(args: string[]): Promise<number> {
  requireKubeconfig(process.env['KUBECONFIG']);
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', forward);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGTERM', forward);
  }
}

/** Tests are for no cluster that nobody named: the default of other programs, ~/.kube/config, does not count. */
function requireKubeconfig(named: string | undefined): void {
  if (!named) {
    throw new UserError(
      'KUBECONFIG is not set: name the file of the cluster to test on, as in\n' +
        '  KUBECONFIG=~/.kube/config npm run test:k8s\n' +
        'k8s/README.md says how to make one with kind or k3s.',
    );
  }
  for (const file of named.split(delimiter))
    if (!existsSync(file)) throw new UserError(`KUBECONFIG names ${file}, which is not there.`);
}
