import type { AgentRuntimeConfiguration } from '@roost/contracts';
import type { Outbound } from './outbound';
import type { BuiltTool, ToolServices } from './tool.builder';
import type { ToolEntry } from './tool.entry';
import type { OnToolFault, PreparedTool, Toolbox } from './toolbox';
import { usableTools } from './usable.tools';

/** What a configuration's tools came to last. */
interface Made {
  entries: ToolEntry[];
  tools: PreparedTool[][];
  box: Toolbox | null;
}

/** One toolbox a configuration. What tools need is loaded with the first: agents without any start faster. */
export class ToolboxFactory {
  private readonly made = new WeakMap<AgentRuntimeConfiguration, Promise<Made>>();
  private outbound: Outbound | undefined;

  constructor(
    private readonly manager: ToolServices['manager'],
    private readonly onFault: OnToolFault = () => undefined,
    private readonly proxy?: string,
  ) {}

  /** Null for an agent without tools. What could not be had, or has grown old, is asked for again. */
  async of(runtime: AgentRuntimeConfiguration): Promise<Toolbox | null> {
    const { tools: configured, memory } = runtime.configuration;
    if (configured.length === 0 && !memory.long_term) return null;
    let making = this.made.get(runtime);
    if (!making) {
      making = this.make(runtime);
      this.made.set(runtime, making);
    }
    const made = await making;
    const [{ Toolbox }, tools] = await Promise.all([
      import('./toolbox'),
      Promise.all(made.entries.map((entry) => entry.tools())),
    ]);
    // Schemas are compiled once a toolbox.
    if (made.box && tools.every((some, index) => some === made.tools[index])) return made.box;
    made.tools = tools;
    made.box = new Toolbox(tools.flat(), runtime.secrets, this.onFault);
    return made.box;
  }

  private async make(runtime: AgentRuntimeConfiguration): Promise<Made> {
    const [{ Outbound }, { buildTool }, { ToolEntry }, { secretMask }] = await Promise.all([
      import('./outbound'),
      import('./tool.builders'),
      import('./tool.entry'),
      import('./secret.mask'),
    ]);
    const mask = secretMask(runtime.secrets ?? {});
    const onFault: OnToolFault = (tool, fault) => this.onFault(tool, mask(fault));
    const outbound = (this.outbound ??= new Outbound(this.proxy));
    const http = outbound.client(runtime.outbound.allowed_hosts);
    const services = { http, outbound, runtime, manager: this.manager };
    const entries = usableTools(runtime.configuration).map(
      (tool) => new ToolEntry(tool.name, tool.requires_approval, () => buildTool(tool, services), onFault),
    );
    if (runtime.configuration.memory.long_term)
      entries.push(new ToolEntry('remember_fact', false, () => this.factTools(), onFault));
    return { entries, tools: [], box: null };
  }

  private async factTools(): Promise<BuiltTool[]> {
    const [{ factTools }, { UserMemory }] = await Promise.all([
      import('../memory/fact.tools'),
      import('../memory/user.memory'),
    ]);
    return factTools(new UserMemory(this.manager));
  }
}
