import {
  type Installation,
  keepEvidence,
  Oracle,
  type OracleOptions,
  startInstallation,
} from '@roost/testing';
import { afterAll, afterEach, beforeAll, beforeEach, onTestFailed } from 'vitest';

/** What faults are done to. */
export interface Faults {
  roost: () => Installation;
  oracle: () => Oracle;
}

export interface FaultsOptions extends OracleOptions {
  /** Starts what faults are done to, or hands out what another hook has started. Default: one manager. */
  installation?: () => Promise<Installation> | Installation;
  /** Variables of every manager. */
  env?: Record<string, string>;
  /** Milliseconds until everything must hold again after a test. */
  settlesInMs?: number;
}

/** One installation for the tests of a file, and the oracle's verdict on it after each of them. */
export function useFaults({ env = {}, settlesInMs, ...options }: FaultsOptions = {}): Faults {
  let system: { installation: Installation; oracle: Oracle } | undefined;
  const current = () => {
    if (!system) throw new Error('the installation has not been started');
    return system;
  };

  beforeAll(async () => {
    const installation = (await options.installation?.()) ?? (await startInstallation({ env }));
    system = { installation, oracle: await Oracle.watch(installation, options) };
  });
  beforeEach(() => {
    current().installation.model.reset();
    onTestFailed(async ({ task }) => {
      const { installation } = current();
      console.error(installation.logs());
      console.error(`kept for whoever looks into it: ${await keepEvidence(installation, task.name)}`);
    });
  });
  afterEach(() => current().oracle.verdict(settlesInMs));
  afterAll(async () => {
    await system?.oracle.close();
    // What was handed in is ended by whoever started it.
    if (!options.installation) await system?.installation.stop();
  });
  return { roost: () => current().installation, oracle: () => current().oracle };
}
