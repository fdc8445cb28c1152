import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type Docker from 'dockerode';
import { LauncherUnavailableError } from '../launcher';
import { LABEL } from './container-labels';
import { EngineAnswerError, type EngineClient } from './engine.client';

export interface RunnersNetwork {
  id: string;
  /** The host's address on this network; null when the engine names none. */
  gateway: string | null;
}

/** What the engine answers when another creator was first: 409 of the name, 403 of the bridge. */
const TAKEN: readonly number[] = [403, 409];
const VISIBLE_WITHIN_MS = 10_000;

/**
 * Makes the network of the instances when it is absent: a bridge whose members cannot reach each other. One that
 * exists, whoever made it, is left as it is.
 *
 * Safe side by side. The engine lets two creations of one name pass when they overlap, but no two of one bridge: its
 * bridge driver decides that under a lock. So the bridge is named after the network; one creator makes it, and the
 * others wait until they see it.
 */
export async function ensureNetwork(
  engine: EngineClient,
  name: string,
  installation: string,
): Promise<RunnersNetwork> {
  const existing = await networkOf(engine, name);
  if (existing) return existing;
  let refusal: EngineAnswerError | undefined;
  try {
    await createNetwork(engine, name, installation);
  } catch (error) {
    if (!(error instanceof EngineAnswerError && TAKEN.includes(error.status))) throw error;
    refusal = error;
  }
  const deadline = performance.now() + VISIBLE_WITHIN_MS;
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    const made = await networkOf(engine, name);
    if (made) return made;
    if (performance.now() > deadline)
      throw (
        refusal ??
        new LauncherUnavailableError(`the network ${name} was removed while it was made; try again`)
      );
    await setTimeout(pause * (0.5 + Math.random()));
  }
}

async function createNetwork(engine: EngineClient, name: string, installation: string): Promise<void> {
  await engine.call(`create network ${name}`, (abortSignal) =>
    engine.docker.createNetwork({
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Options: {
        'com.docker.network.bridge.name': bridgeName(name),
        'com.docker.network.bridge.enable_icc': 'false',
      },
      Labels: { [LABEL.installation]: installation },
      abortSignal,
    }),
  );
}

/** A name for a network device has at most 15 bytes (IFNAMSIZ, less its end). */
function bridgeName(network: string): string {
  return `rst-${createHash('sha256').update(network).digest('hex').slice(0, 11)}`;
}

/** Of several with one name, which only somebody else can have made: the oldest, as every manager sees it. */
async function networkOf(engine: EngineClient, name: string): Promise<RunnersNetwork | undefined> {
  const similar = await engine.call('list networks', (abortSignal) =>
    engine.docker.listNetworks({ filters: { name: [name] }, abortSignal }),
  );
  const [oldest] = similar.filter((network) => network.Name === name).sort(byAge);
  return oldest && { id: oldest.Id, gateway: gatewayOf(oldest) };
}

const byAge = (a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number =>
  Date.parse(a.Created) - Date.parse(b.Created) || a.Id.localeCompare(b.Id);

function gatewayOf(network: Docker.NetworkInspectInfo): string | null {
  const gateway = network.IPAM?.Config?.[0]?.['Gateway'];
  return typeof gateway === 'string' ? gateway : null;
}
