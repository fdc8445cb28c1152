import type { AgentTool } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import { argumentsCheck, type CheckArguments } from './arguments.schema';
import { HttpRequest } from './http-request.tool';
import {
  type Tool,
  type ToolAnswer,
  ToolArgumentError,
  type ToolCallOptions,
  type ToolDefinition,
} from './tool';

/** The tools of one version of an agent. */
export class Toolbox {
  readonly definitions: ToolDefinition[];
  private readonly tools: Map<string, { tool: Tool; check: () => CheckArguments }>;

  constructor(tools: AgentTool[], http: GuardedHttpClient) {
    this.definitions = tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters },
    }));
    this.tools = new Map(
      tools.map((tool) => [
        tool.name,
        { tool: builders[tool.type](tool, http), check: once(() => argumentsCheck(tool.parameters)) },
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

/** How each type of tool is made. */
const builders: { [Type in AgentTool['type']]: (tool: AgentTool, http: GuardedHttpClient) => Tool } = {
  http_request: (tool, http) => new HttpRequest(tool, http),
};

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
