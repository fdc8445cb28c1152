import type { TestProject } from 'vitest/node';
import { startServerBroker, type BrokerAddress } from './run/server.broker';

declare module 'vitest' {
  export interface ProvidedContext {
    roostStack: BrokerAddress;
  }
}

/** Vitest's `globalSetup`: lets test files ask for servers; none is started before one does. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startServerBroker();
  project.provide('roostStack', broker.address);
  return () => broker.close();
}
