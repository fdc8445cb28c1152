import type Docker from 'dockerode';
import { LauncherUnavailableError } from '../launcher';
import { LABEL } from './container-labels';
import type { EngineClient } from './engine.client';

export interface RunnersNetwork {
  id: string;
  /** The host's address on this network; null when the engine names none. */
  gateway: string | null;
}

/**
 * Makes the network of the instances when it is absent: a bridge whose members cannot reach each other. One that
 * exists, whoever made it, is left as it is.
 *
 * Safe side by side. The engine lets two creations of one name pass when they overlap; every creator then keeps
 * the oldest and removes the others, so all agree on one.
 */
export async function ensureNetwork(
  engine: EngineClient,
  name: string,
  installation: string,
): Promise<RunnersNetwork> {
  const existing = await onlyNetwork(engine, name, installation);
  if (existing) return existing;
  await engine.callTolerating([409], `create network ${name}`, (abortSignal) =>
    engine.docker.createNetwork({
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      Labels: { [LABEL.installation]: installation },
      abortSignal,
    }),
  );
  const made = await onlyNetwork(engine, name, installation);
  if (!made)
    throw new LauncherUnavailableError(`the network ${name} was removed while it was made; try again`);
  return made;
}

async function onlyNetwork(
  engine: EngineClient,
  name: string,
  installation: string,
): Promise<RunnersNetwork | undefined> {
  const similar = await engine.call('list networks', (abortSignal) =>
    engine.docker.listNetworks({ filters: { name: [name] }, abortSignal }),
  );
  const [oldest, ...duplicates] = similar.filter((network) => network.Name === name).sort(byAge);
  for (const duplicate of duplicates) {
    if (duplicate.Labels?.[LABEL.installation] === installation) await removeNetwork(engine, duplicate.Id);
  }
  return oldest && { id: oldest.Id, gateway: gatewayOf(oldest) };
}

/** Gone already, or with a member (403): left alone. */
async function removeNetwork(engine: EngineClient, id: string): Promise<void> {
  await engine.callTolerating([403, 404, 409], `remove network ${id}`, (abortSignal) =>
    engine.docker.getNetwork(id).remove({ abortSignal }),
  );
}

const byAge = (a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number =>
  Date.parse(a.Created) - Date.parse(b.Created) || a.Id.localeCompare(b.Id);

function gatewayOf(network: Docker.NetworkInspectInfo): string | null {
  const gateway = network.IPAM?.Config?.[0]?.['Gateway'];
  return typeof gateway === 'string' ? gateway : null;
}
