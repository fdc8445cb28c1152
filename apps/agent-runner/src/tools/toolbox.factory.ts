import type { AgentRuntimeConfiguration } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import type { Toolbox } from './toolbox';

/** One toolbox a configuration. What tools need is loaded with the first: agents without any start faster. */
export class ToolboxFactory {
  private readonly boxes = new WeakMap<AgentRuntimeConfiguration, Promise<Toolbox>>();
  private readonly clients = new Map<string, GuardedHttpClient>();

  /** Null for an agent without tools. */
  async of(runtime: AgentRuntimeConfiguration): Promise<Toolbox | null> {
    if (runtime.configuration.tools.length === 0) return null;
    let box = this.boxes.get(runtime);
    if (!box) {
      box = this.build(runtime);
      this.boxes.set(runtime, box);
    }
    return box;
  }

  private async build(runtime: AgentRuntimeConfiguration): Promise<Toolbox> {
    const [{ Toolbox }, { outboundClient }, { buildTool }] = await Promise.all([
      import('./toolbox'),
      import('./outbound'),
      import('./tool.builders'),
    ]);
    // The operator's list is one for all versions, so connections are shared.
    const key = JSON.stringify(runtime.outbound.allowed_hosts);
    const http = this.clients.get(key) ?? outboundClient(runtime.outbound);
    this.clients.set(key, http);
    const built = await Promise.all(
      runtime.configuration.tools.map(async (tool) => {
        const { requires_approval = false } = tool;
        const tools = await buildTool(tool, { http, runtime });
        return tools.map((one) => ({ ...one, requires_approval }));
      }),
    );
    return new Toolbox(built.flat());
  }
}
