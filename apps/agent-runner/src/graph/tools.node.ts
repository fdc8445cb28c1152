import { ToolMessage } from '@langchain/core/messages';
import { interrupt, type LangGraphRunnableConfig } from '@langchain/langgraph';
import { type ApprovalDecision, approvalId, type ApprovalRequest } from '@roost/contracts';
import { inSpan } from '@roost/service-kit/tracing';
import type { ToolAnswer } from '../tools/tool';
import type { AgentState, ToolTask } from './agent.state';
import { unaskable } from './approval.arguments';
import type { RunContext } from './run.context';
import { shared } from './shared.signal';

const NEVER = new AbortController().signal;
/** Characters: models make ids up. */
const CALL_ID_MAX = 64;

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
  const { ok, content } = await answerOf(task, context, signal);
  const status = ok ? 'success' : 'error';
  return { messages: [new ToolMessage({ id: answer_id, tool_call_id: call_id, name, content, status })] };
}

async function answerOf(task: ToolTask, context: RunContext, signal: AbortSignal): Promise<ToolAnswer> {
  if (!needsApproval(task, context)) return call(task, undefined, context, signal);
  const { name, args } = task;
  const objection = unaskable(args);
  if (objection !== null) return notAsked(name, objection, context);
  const decision = ask(name, args, task.idempotency_key);
  return decision.decision === 'reject'
    ? rejected(name, decision, context)
    : call(task, decision.decision === 'edit' ? decision.arguments : undefined, context, signal);
}

/** As it was when the model made the call: its tool may have gone while somebody decided. */
function needsApproval(
  task: ToolTask,
  { toolbox }: RunContext,
): task is ToolTask & { args: Record<string, unknown> } {
  return task.requires_approval ?? toolbox?.requiresApproval(task.name, task.args) ?? false;
}

/** Ends the task, and with it the run, until there is a decision: what stands before it is repeated then. */
const ask = (tool: string, args: Record<string, unknown>, idempotency_key: string): ApprovalDecision =>
  interrupt<ApprovalRequest, ApprovalDecision>({
    approval_id: approvalId(idempotency_key, tool, args),
    tool,
    arguments: args,
  });

/** Neither arguments nor answer are in the span. */
function call(
  task: ToolTask,
  edited: Record<string, unknown> | undefined,
  context: RunContext,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  // What there is no tool of may be anything that the model had on its mind.
  const name = context.toolbox?.has(task.name) ? task.name : 'unknown';
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': task.call_id.slice(0, CALL_ID_MAX),
  };
  return inSpan({ name: `execute_tool ${name}`, attributes }, async (span) => {
    const answer = await made(task, edited, context, signal);
    if (!answer.ok) span.setAttribute('error.type', 'tool_failed');
    return answer;
  });
}

async function made(
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

function notAsked(name: string, objection: string, { onTool }: RunContext): ToolAnswer {
  onTool(name, 'rejected', `The call of ${name} was not made.`);
  return {
    ok: false,
    content: `A person has to allow this call, and cannot be shown its arguments. ${objection}`,
  };
}

function rejected(name: string, { reason }: ApprovalDecision, { onTool }: RunContext): ToolAnswer {
  onTool(name, 'rejected', `The call of ${name} was rejected.`);
  return { ok: false, content: `The call was rejected: ${reason ?? 'no reason was given'}` };
}
