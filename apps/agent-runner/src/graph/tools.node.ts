import { ToolMessage } from '@langchain/core/messages';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { AgentState, ToolTask } from './agent.state';
import type { RunContext } from './run.context';

const NEVER = new AbortController().signal;

/** Makes one call of a tool. What comes of it, success or not, is for the model to read. */
export async function toolsNode(
  { call_id, name, args, answer_id, idempotency_key }: ToolTask,
  { context, signal = NEVER }: LangGraphRunnableConfig<RunContext>,
): Promise<Partial<AgentState>> {
  if (!context) throw new Error('The graph was invoked without its context');
  context.onTool(name, 'started', `Calling ${name}.`);
  const { ok, content } =
    context.toolbox && args !== undefined
      ? await context.toolbox.call(name, args, {
          idempotency_key,
          signal,
          asker: context.asker,
          requestAuthorization: context.onAuthorizationRequest,
        })
      : { ok: false, content: 'The arguments are not valid JSON. Send a JSON object.' };
  context.onTool(name, ok ? 'completed' : 'failed', `${name} ${ok ? 'has answered' : 'has failed'}.`);
  const status = ok ? 'success' : 'error';
  return { messages: [new ToolMessage({ id: answer_id, tool_call_id: call_id, name, content, status })] };
}
