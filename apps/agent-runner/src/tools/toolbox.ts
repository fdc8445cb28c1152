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
  private readonly tools: Map<string, { tool: Tool; check: () => CheckArguments }>;

  constructor(built: BuiltTool[]) {
    const distinct = withoutRepeats(built);
    this.definitions = distinct.map(({ definition }) => definition);
    this.tools = new Map(
      distinct.map(({ definition, tool }) => [
        definition.function.name,
        {
          tool,
          check: once(() =>
            tool.schema_is_remote ? isObject : argumentsCheck(definition.function.parameters),
          ),
        },
      ]),
    );
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

/** A server may call a tool as the operator has called another: the first one counts. */
function withoutRepeats(built: BuiltTool[]): BuiltTool[] {
  const names = new Set<string>();
  return built.filter(
    ({
      definition: {
        function: { name },
      },
    }) => !names.has(name) && names.add(name),
  );
}

const isObject: CheckArguments = (args) => {
  if (typeof args === 'object' && args !== null && !Array.isArray(args))
    return args as Record<string, unknown>;
  throw new ToolArgumentError('arguments must be object');
};

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
