import { argumentsCheck, type CheckArguments } from './arguments.schema';
import { secretMask } from './secret.mask';
import {
  type Tool,
  type ToolAnswer,
  ToolArgumentError,
  type ToolCallOptions,
  type ToolDefinition,
  ToolUnavailableError,
} from './tool';
import type { BuiltTool } from './tool.builder';

/** Hears of what tools should not do: throw anything that is not meant for the model. Quotes no secret. */
export type OnToolFault = (tool: string, fault: string) => void;

/** A tool as it is called: with its arguments checked. */
export interface PreparedTool {
  definition: ToolDefinition;
  tool: Tool;
  check: () => CheckArguments;
  /** A call waits until somebody allows it. */
  requires_approval: boolean;
  /** It stands for tools that could not be made, under the name of the entry they come from. */
  stands_in: boolean;
}

/** Made once a tool: the schema becomes code with the first call. */
export const prepared = ({ definition, tool }: BuiltTool, requires_approval = false): PreparedTool => ({
  definition,
  tool,
  check: once(() => (tool.schema_is_remote ? isObject : argumentsCheck(definition.function.parameters))),
  requires_approval,
  stands_in: tool.stands_in === true,
});

/** The tools of one version of an agent. */
export class Toolbox {
  readonly definitions: ToolDefinition[];
  private readonly tools = new Map<string, PreparedTool>();
  private readonly mask: (text: string) => string;

  /** `secrets` are taken out of every answer. Of tools of one name the first counts. */
  constructor(
    tools: PreparedTool[],
    secrets: Readonly<Record<string, string>> = {},
    private readonly onFault: OnToolFault = () => undefined,
  ) {
    for (const tool of tools) {
      const { name } = tool.definition.function;
      if (!this.tools.has(name)) this.tools.set(name, tool);
    }
    this.mask = secretMask(secrets);
    // Also what servers say of their tools, and why they are away.
    this.definitions = [...this.tools.values()].map(({ definition: { type, function: described } }) => ({
      type,
      function: JSON.parse(this.mask(JSON.stringify(described))) as ToolDefinition['function'],
    }));
  }

  has(name: string): boolean {
    return this.tools.has(name);
  }

  /** Whether somebody has to allow this call. One that would fail anyway needs nobody: see {@link call}. */
  requiresApproval(name: string, args: unknown): args is Record<string, unknown> {
    const known = this.tools.get(name);
    if (!known?.requires_approval) return false;
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
    const known = this.tools.get(name) ?? this.standInFor(name);
    if (!known) {
      return {
        ok: false,
        content: `There is no tool ${name.slice(0, 64)}. There are: ${[...this.tools.keys()].join(', ')}.`,
      };
    }
    const { ok, content } = await this.answerOf(known, args, options);
    // PostgreSQL and models alike take no NUL.
    return { ok, content: this.mask(content).replaceAll('\0', '\ufffd') };
  }

  private async answerOf(
    { tool, check, definition }: PreparedTool,
    args: unknown,
    options: ToolCallOptions,
  ): Promise<ToolAnswer> {
    try {
      return await tool.call(check()(args), options);
    } catch (error) {
      options.signal.throwIfAborted();
      return { ok: false, content: this.explanation(definition.function.name, error) };
    }
  }

  private explanation(name: string, error: unknown): string {
    if (error instanceof ToolArgumentError) return `The arguments do not fit: ${error.message}`;
    if (error instanceof ToolUnavailableError) return error.message;
    this.onFault(name, this.mask(faultOf(error)));
    return 'The tool is not configured correctly and cannot be used.';
  }

  /** A call that somebody has allowed, of a tool that could not be made again since: it is told why. */
  private standInFor(name: string): PreparedTool | undefined {
    return [...this.tools.values()].find(
      ({ stands_in, definition }) => stands_in && name.startsWith(`${definition.function.name}_`),
    );
  }
}

export const faultOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const isObject: CheckArguments = (args) => {
  if (typeof args === 'object' && args !== null && !Array.isArray(args))
    return args as Record<string, unknown>;
  throw new ToolArgumentError('arguments must be object');
};

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
