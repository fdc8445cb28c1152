import { argumentsCheck, type CheckArguments } from './arguments.schema';
import {
  type Tool,
  type ToolAnswer,
  ToolArgumentError,
  type ToolCallOptions,
  type ToolDefinition,
} from './tool';
import type { BuiltTool } from './tool.builder';

/** The tools of one version of an agent. */
export class Toolbox {
  readonly definitions: ToolDefinition[];
  private readonly tools: Map<string, { tool: Tool; check: () => CheckArguments; asks: boolean }>;

  constructor(built: BuiltTool[]) {
    this.definitions = built.map(({ definition }) => definition);
    this.tools = new Map(
      built.map(({ definition, tool, requires_approval = false }) => [
        definition.function.name,
        {
          tool,
          check: once(() => argumentsCheck(definition.function.parameters)),
          asks: requires_approval,
        },
      ]),
    );
  }

  /** Whether somebody has to allow this call. One that would fail anyway needs nobody: see {@link call}. */
  requiresApproval(name: string, args: unknown): args is Record<string, unknown> {
    const known = this.tools.get(name);
    if (!known?.asks) return false;
    try {
      known.check()(args);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Makes one call. Whatever goes wrong with it is an answer that the model can act on.
   * @throws the reason of `signal` when that aborts.
   */
  async call(name: string, args: unknown, options: ToolCallOptions): Promise<ToolAnswer> {
    const known = this.tools.get(name);
    if (!known) {
      return {
        ok: false,
        content: `There is no tool ${name}. There are: ${[...this.tools.keys()].join(', ')}.`,
      };
    }
    try {
      const { ok, content } = await known.tool.call(known.check()(args), options);
      // PostgreSQL and models alike take no NUL.
      return { ok, content: content.replaceAll('\0', '\ufffd') };
    } catch (error) {
      options.signal.throwIfAborted();
      return {
        ok: false,
        content:
          error instanceof ToolArgumentError
            ? `The arguments do not fit: ${error.message}`
            : 'The tool is not configured correctly and cannot be used.',
      };
    }
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
