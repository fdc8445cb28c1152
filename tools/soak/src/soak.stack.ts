import { freePort } from '@roost/devstack';
import { type Installation, prepareStandaloneInstallation } from '@roost/testing';
import { InspectedHeap } from './inspected.heap';

export interface SoakStack {
  installation: Installation;
  heap: InspectedHeap;
  close(): Promise<void>;
}

/** One installation with servers of its own, whose manager's heap can be looked into. */
export async function startSoakStack(): Promise<SoakStack> {
  const { installation, close } = await prepareStandaloneInstallation('soak', {
    AGENT_INACTIVITY_CHECK_INTERVAL: '1',
  });
  try {
    const port = await freePort();
    await installation.startManager({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` });
    const heap = await InspectedHeap.open(port);
    return {
      installation,
      heap,
      close: async () => {
        heap.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
