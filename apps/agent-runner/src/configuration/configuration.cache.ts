import { type AgentRuntimeConfiguration, internalPaths } from '@roost/contracts';
import { LRUCache } from 'lru-cache';
import { type ManagerClient, ManagerRefusedError } from '../exchange/manager.client';

/** Versions kept in memory; a message rarely waits longer than one change. */
const VERSIONS_KEPT = 8;
/** Milliseconds a message waits for its configuration before it fails visibly. */
const FETCH_DEADLINE_MS = 2 * 60_000;

/** The configurations of this agent, by version; a version never changes. */
export class ConfigurationCache {
  private readonly versions = new LRUCache<number, Promise<AgentRuntimeConfiguration>>({
    max: VERSIONS_KEPT,
  });
  private newest: AgentRuntimeConfiguration;

  constructor(
    private readonly manager: ManagerClient,
    first: AgentRuntimeConfiguration,
  ) {
    this.newest = first;
    this.versions.set(first.version, Promise.resolve(first));
  }

  get newestVersion(): number {
    return this.newest.version;
  }

  /** The configuration a message was accepted under, or the newest where the manager does not have that one. */
  of(version: number): Promise<AgentRuntimeConfiguration> {
    const known = this.versions.get(version);
    if (known) return known;
    const fetched = this.fetch(version);
    this.versions.set(version, fetched);
    fetched.catch(() => {
      if (this.versions.peek(version) === fetched) this.versions.delete(version);
    });
    return fetched;
  }

  /** Milliseconds of silence that end a collection of messages; null where each is answered alone. */
  async pauseOf(version: number): Promise<number | null> {
    const { on_busy, collect_pause_ms } = (await this.of(version)).configuration;
    return on_busy === 'collect' ? collect_pause_ms : null;
  }

  private async fetch(version: number): Promise<AgentRuntimeConfiguration> {
    const path = internalPaths.config(this.newest.agent_id);
    try {
      const configuration = await this.manager.request<AgentRuntimeConfiguration>({
        method: 'GET',
        path: `${path}?version=${version}`,
        deadline_ms: FETCH_DEADLINE_MS,
      });
      if (configuration.version > this.newest.version) this.newest = configuration;
      return configuration;
    } catch (error) {
      if (error instanceof ManagerRefusedError && version < this.newest.version) return this.newest;
      throw error;
    }
  }
}
