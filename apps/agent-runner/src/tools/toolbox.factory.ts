import type { AgentRuntimeConfiguration } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import type { ManagerClient } from '../exchange/manager.client';
import type { BuiltTool } from './tool.builder';
import type { ToolEntry } from './tool.entry';
import type { Toolbox } from './toolbox';

/** What a configuration's tools came to last. */
interface Made {
  entries: ToolEntry[];
  built: BuiltTool[][];
  box: Toolbox | null;
}

/** One toolbox a configuration. What tools need is loaded with the first: agents without any start faster. */
export class ToolboxFactory {
  private readonly made = new WeakMap<AgentRuntimeConfiguration, Promise<Made>>();
  private readonly clients = new Map<string, GuardedHttpClient>();

  constructor(private readonly manager: ManagerClient) {}

  /** Null for an agent without tools. What could not be had, or has grown old, is asked for again. */
  async of(runtime: AgentRuntimeConfiguration): Promise<Toolbox | null> {
    if (runtime.configuration.tools.length === 0) return null;
    let making = this.made.get(runtime);
    if (!making) {
      making = this.make(runtime);
      this.made.set(runtime, making);
    }
    const made = await making;
    const [{ Toolbox }, built] = await Promise.all([
      import('./toolbox'),
      Promise.all(made.entries.map((entry) => entry.tools())),
    ]);
    // Schemas are compiled once a toolbox.
    if (made.box && built.every((tools, index) => tools === made.built[index])) return made.box;
    made.built = built;
    made.box = new Toolbox(built.flat());
    return made.box;
  }

  private async make(runtime: AgentRuntimeConfiguration): Promise<Made> {
    const [{ outboundClient }, { buildTool }, { ToolEntry }] = await Promise.all([
      import('./outbound'),
      import('./tool.builders'),
      import('./tool.entry'),
    ]);
    // The operator's list is one for all versions, so connections are shared.
    const key = JSON.stringify(runtime.outbound.allowed_hosts);
    const http = this.clients.get(key) ?? outboundClient(runtime.outbound);
    this.clients.set(key, http);
    const services = { http, runtime, manager: this.manager };
    const entries = runtime.configuration.tools.map(
      (tool) => new ToolEntry(tool.name, () => buildTool(tool, services)),
    );
    return { entries, built: [], box: null };
  }
}
