import { Installation, type Release } from '@roost/testing';
import { afterAll } from 'vitest';
import { type Faults, useFaults } from '../faults/use.faults';
import { InternalService } from './internal.service';

/** An installation of `release` for the tests of a file, whose managers can be replaced by those of another. */
export function useRelease(release: () => Release): Faults {
  let installation: Installation | undefined;
  let service: InternalService | undefined;
  const start = async (): Promise<Installation> => {
    service = await InternalService.start(() => {
      const newest = installation?.livingManagers.at(-1);
      return newest && Number(new URL(newest.internalOrigin).port);
    });
    const env = { RUNNER_CONFIG_ORIGIN: service.origin };
    installation = await Installation.prepare({ release: release(), env });
    await installation.startManager();
    return installation;
  };
  // Before the hooks of the faults, so that it runs after them.
  afterAll(async () => {
    await installation?.stop();
    service?.stop();
  });
  return useFaults({ installation: start });
}
