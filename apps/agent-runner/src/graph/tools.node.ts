import { ToolMessage } from '@langchain/core/messages';
import { interrupt, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { type ApprovalDecision, approvalId, type ApprovalRequest } from '@roost/contracts';
import type { ToolAnswer } from '../tools/tool';
import type { AgentState, ToolTask } from './agent.state';
import type { RunContext } from './run.context';
import { shared } from './shared.signal';

const NEVER = new AbortController().signal;

/**
 * Makes one call of a tool, once somebody has allowed it where that is asked for. What comes of it, success or not,
 * is for the model to read.
 */
export async function toolsNode(
  task: ToolTask,
  { context, signal = NEVER }: LangGraphRunnableConfig<RunContext>,
): Promise<Partial<AgentState>> {
  if (!context) throw new Error('The graph was invoked without its context');
  const { call_id, name, answer_id } = task;
  // First of all: what stands before it is repeated when the run goes on.
  const decision = askFor(task, context);
  const { ok, content } =
    decision?.decision === 'reject'
      ? rejected(name, decision, context)
      : await call(task, decision?.decision === 'edit' ? decision.arguments : undefined, context, signal);
  const status = ok ? 'success' : 'error';
  return { messages: [new ToolMessage({ id: answer_id, tool_call_id: call_id, name, content, status })] };
}

/** Null when nobody has to allow the call. Ends the task, and with it the run, until there is a decision. */
function askFor({ name, args, idempotency_key }: ToolTask, { toolbox }: RunContext): ApprovalDecision | null {
  if (!toolbox?.requiresApproval(name, args)) return null;
  return interrupt<ApprovalRequest, ApprovalDecision>({
    approval_id: approvalId(idempotency_key, name, args),
    tool: name,
    arguments: args,
  });
}

async function call(
  { name, args, idempotency_key }: ToolTask,
  edited: Record<string, unknown> | undefined,
  { toolbox, asker, onTool, onAuthorizationRequest }: RunContext,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  onTool(name, 'started', `Calling ${name}.`);
  const { ok, content } =
    toolbox && args !== undefined
      ? await toolbox.call(name, edited ?? args, {
          idempotency_key,
          signal: shared(signal),
          asker,
          requestAuthorization: onAuthorizationRequest,
        })
      : { ok: false, content: 'The arguments are not valid JSON. Send a JSON object.' };
  onTool(name, ok ? 'completed' : 'failed', `${name} ${ok ? 'has answered' : 'has failed'}.`);
  // Else the model goes on as if its own had been used.
  const note = edited ? `A person changed the arguments of this call to ${JSON.stringify(edited)}.\n` : '';
  return { ok, content: `${note}${content}` };
}

function rejected(name: string, { reason }: ApprovalDecision, { onTool }: RunContext): ToolAnswer {
  onTool(name, 'failed', `The call of ${name} was rejected.`);
  return { ok: false, content: `The call was rejected: ${reason ?? 'no reason was given'}` };
}
