import { type Installation, type InstallationOptions, startInstallation } from '@roost/testing';
import { afterAll, beforeAll, beforeEach, onTestFailed } from 'vitest';

/** One installation for the tests of a file; when one of them fails, its logs are shown. */
export function useInstallation(options: InstallationOptions = {}): () => Installation {
  let installation: Installation | undefined;
  const current = (): Installation => {
    if (!installation) throw new Error('the installation has not been started');
    return installation;
  };
  beforeAll(async () => {
    installation = await startInstallation(options);
  });
  beforeEach(() => {
    current().model.reset();
    onTestFailed(() => console.error(current().logs()));
  });
  afterAll(() => installation?.stop());
  return current;
}
