import { AIMessage, type BaseMessage, RemoveMessage, SystemMessage } from '@langchain/core/messages';
import { Command, type LangGraphRunnableConfig, Send } from '@langchain/langgraph';
import type { AgentState, ToolTask } from './agent.state';
import { memoryWindow } from './memory.window';
import type { ModelCall, ModelReply } from './model.call';
import type { ModelFactory } from './model.factory';
import type { RunContext } from './run.context';
import { checkStep, checkToolCalls } from './run.limits';
import {
  added,
  idempotencyKey,
  isStep,
  joined,
  replyId,
  RunSteps,
  STEP_BREAK,
  stepId,
  toolAnswerId,
} from './run.steps';
import { systemPrompt } from './system.prompt';

/** Asks the model with what the agent remembers: it replies, or calls tools. */
export function agentNode(models: ModelFactory, call: ModelCall) {
  return async (
    { messages }: AgentState,
    config: LangGraphRunnableConfig<RunContext>,
  ): Promise<Partial<AgentState> | Command> => {
    const { context } = config;
    if (!context) throw new Error('The graph was invoked without its context');
    const { message_id, first_message_id, configuration: runtime, toolbox } = context;
    const { memory, limits } = runtime.configuration;
    const answered = messages.find(({ id }) => id === replyId(message_id));
    if (answered) {
      // By a run whose report got lost: the model is not asked twice.
      await context.onToken(answered.text);
      return {};
    }
    const steps = new RunSteps(messages, message_id);
    checkStep(steps, limits);
    const window = memoryWindow(messages, message_id, memory, first_message_id);
    const reply = await call.answer(
      models.of(runtime),
      [new SystemMessage(systemPrompt(runtime.configuration)), ...window, ...steps.messages],
      config,
      { onRetry: context.onRetry, onToken: afterBreak(steps.text !== '', context.onToken) },
      { tools: toolbox?.definitions ?? [], may_be_silent: steps.text !== '' },
    );
    if (reply.tool_calls.length === 0) return remembered(messages, window, steps, message_id, reply);
    checkToolCalls(steps, reply.tool_calls.length, limits);
    return toTools(message_id, steps.count, reply);
  };
}

/** Text of a further step begins a paragraph of its own. */
function afterBreak(spokeBefore: boolean, onToken: RunContext['onToken']): RunContext['onToken'] {
  let isFirst = spokeBefore;
  return (text) => {
    const begun = isFirst ? `${STEP_BREAK}${text}` : text;
    isFirst = false;
    return onToken(begun);
  };
}

/** Keeps the reply, and forgets the steps to it and what no later run would show the model. */
function remembered(
  messages: BaseMessage[],
  window: BaseMessage[],
  steps: RunSteps,
  message_id: string,
  { content, usage }: ModelReply,
): Partial<AgentState> {
  const reply = new AIMessage({
    id: replyId(message_id),
    content: joined([steps.text, content]),
    response_metadata: { usage: added(steps.usage, usage) },
  });
  const first = messages.findIndex(({ id }) => id === window[0]?.id);
  const forgotten = messages.filter((message, index) => index < first || isStep(message));
  return {
    messages: [...forgotten.flatMap(({ id }) => (id ? [new RemoveMessage({ id })] : [])), reply],
  };
}

/** Each call becomes a task of its own. */
function toTools(message_id: string, step: number, { content, usage, tool_calls }: ModelReply): Command {
  const calls = tool_calls.map(({ id, name, args_text }, position) => {
    const task: ToolTask = {
      // Answers are matched with calls by it, and some models repeat or omit theirs.
      call_id:
        tool_calls.findIndex((other) => other.id === id) === position && id ? id : `call_${step}_${position}`,
      name,
      args: parsed(args_text),
      answer_id: toolAnswerId(message_id, step, position),
      idempotency_key: idempotencyKey(message_id, step, position),
    };
    return task;
  });
  const message = new AIMessage({
    id: stepId(message_id, step),
    content,
    tool_calls: calls.map(({ call_id: id, name, args }) => ({
      type: 'tool_call',
      id,
      name,
      args: isObject(args) ? args : {},
    })),
    response_metadata: { usage },
  });
  return new Command({
    update: { messages: [message] },
    goto: calls.map((task) => new Send('tools', task)),
  });
}

function parsed(args_text: string): unknown {
  try {
    return args_text.trim() === '' ? {} : (JSON.parse(args_text) as unknown);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
