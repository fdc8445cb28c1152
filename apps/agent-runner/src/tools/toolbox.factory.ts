import type { AgentRuntimeConfiguration, AgentTool } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import type { ToolServices } from './tool.builder';
import type { PreparedTool, Toolbox } from './toolbox';

/** Milliseconds that a tool may take to be made: a run waits for it. */
const BUILD_MS = 20_000;

/** What is loaded with the first toolbox: agents without tools start faster. */
const load = async () => {
  const [toolbox, outbound, builders, standIns, timeout] = await Promise.all([
    import('./toolbox'),
    import('./outbound'),
    import('./tool.builders'),
    import('./stand-in.tool'),
    import('p-timeout'),
  ]);
  return { ...toolbox, ...outbound, ...builders, ...standIns, pTimeout: timeout.default };
};
type Loaded = Awaited<ReturnType<typeof load>>;

/** One toolbox a configuration. A tool that could not be made is tried again for the next run. */
export class ToolboxFactory {
  private readonly boxes = new WeakMap<AgentRuntimeConfiguration, Promise<Toolbox>>();
  private readonly made = new WeakMap<AgentTool, Promise<PreparedTool[]>>();
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
    const loaded = await load();
    // The operator's list is one for all versions, so connections are shared.
    const key = JSON.stringify(runtime.outbound.allowed_hosts);
    const http = this.clients.get(key) ?? loaded.outboundClient(runtime.outbound);
    this.clients.set(key, http);
    const tools = await Promise.all(
      runtime.configuration.tools.map((tool) =>
        this.make(loaded, tool, { http, runtime }).catch((error: unknown) => {
          this.boxes.delete(runtime);
          return [loaded.prepared(loaded.standIn(tool.name, loaded.reasonOf(error)))];
        }),
      ),
    );
    return new loaded.Toolbox(tools.flat(), runtime.secrets);
  }

  /** Also a builder that throws at once is a tool that could not be made. */
  private make(loaded: Loaded, tool: AgentTool, services: ToolServices): Promise<PreparedTool[]> {
    const known = this.made.get(tool);
    if (known) return known;
    const making = loaded
      .pTimeout(
        Promise.resolve().then(() => loaded.buildTool(tool, services)),
        {
          milliseconds: BUILD_MS,
          message: `what describes it did not come within ${BUILD_MS / 1_000} seconds.`,
        },
      )
      .then((built) => built.map((one) => loaded.prepared(one, tool.requires_approval)));
    this.made.set(tool, making);
    making.catch(() => this.made.delete(tool));
    return making;
  }
}
