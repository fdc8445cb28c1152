import type { TestProject } from 'vitest/node';
import { startServerBroker } from './run/server.broker';

/** Vitest's `globalSetup`: lets test files ask for servers; none is started before one does. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startServerBroker();
  project.provide('roostStack', broker.address);
  return () => broker.close();
}
