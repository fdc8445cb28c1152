import { AIMessage, SystemMessage } from '@langchain/core/messages';
import { Command, type LangGraphRunnableConfig, Send } from '@langchain/langgraph';
import type { AgentState, ToolTask } from './agent.state';
import { withoutMarkers } from './citation.markers';
import { knowledgeRules } from './knowledge.prompts';
import { begunSearch, type KnowledgeSearch, knowledgeTools, queriesOf } from './knowledge.search';
import { memoryWindow } from './memory.window';
import type { ModelCall, ModelReply } from './model.call';
import type { ModelFactory } from './model.factory';
import { afterBreak, remembered } from './reply.memory';
import type { RunContext } from './run.context';
import { checkSpending, checkStep, checkToolCalls } from './run.limits';
import { idempotencyKey, replyId, RunSteps, stepId, toolAnswerId } from './run.steps';
import { factsPrompt } from '../memory/facts.prompt';
import { systemPrompt } from './system.prompt';
import { summaryPrompt } from './thread.summary';

/** Asks the model with what the agent remembers: it replies, calls tools, or looks something up. */
export function agentNode(models: ModelFactory, call: ModelCall) {
  return async (
    state: AgentState,
    config: LangGraphRunnableConfig<RunContext>,
  ): Promise<Partial<AgentState> | Command> => {
    const { context } = config;
    if (!context) throw new Error('The graph was invoked without its context');
    const { messages } = state;
    const { message_id, first_message_id, configuration: runtime, toolbox, meter } = context;
    const { memory, limits, model } = runtime.configuration;
    const answered = messages.find(({ id }) => id === replyId(message_id));
    if (answered) {
      // By a run whose report got lost: the model is not asked twice.
      await context.onToken(answered.text);
      return {};
    }
    const steps = new RunSteps(messages, message_id);
    checkStep(steps, limits);
    const spending = checkSpending(context, config.signal);
    if (spending) await spending;
    const window = memoryWindow(state, memory, message_id, first_message_id);
    const prompt = [
      systemPrompt(runtime.configuration),
      knowledgeRules(runtime.configuration),
      factsPrompt(context.facts),
      summaryPrompt(state.summary, memory),
    ];
    const reply = await call.answer(
      models.of(runtime),
      [
        new SystemMessage(prompt.filter((part) => part !== '').join('\n\n')),
        ...withoutMarkers(window),
        ...steps.messages,
      ],
      config,
      { onRetry: context.onRetry, onToken: afterBreak(steps.text !== '', context.onToken) },
      { tools: toolbox?.definitions ?? [], may_be_silent: steps.text !== '' },
    );
    meter.add('agent', model.name, reply.usage);
    if (reply.tool_calls.length === 0) return remembered(state, window, steps, context, reply);
    checkToolCalls(steps, reply.tool_calls.length, limits);
    return toTools(context, steps.count, reply);
  };
}

/** Each call becomes a task of its own; those that look something up become one search. */
function toTools(context: RunContext, step: number, { content, tool_calls }: ModelReply): Command {
  const { message_id, meter, toolbox } = context;
  const calls = tool_calls.map(({ id, name, args_text }, position) => {
    const args = parsed(args_text);
    const task: ToolTask = {
      // Answers are matched with calls by it, and some models repeat or omit theirs.
      call_id:
        tool_calls.findIndex((other) => other.id === id) === position && id ? id : `call_${step}_${position}`,
      name,
      args,
      answer_id: toolAnswerId(message_id, step, position),
      idempotency_key: idempotencyKey(message_id, step, position),
      requires_approval: toolbox?.requiresApproval(name, args) ?? false,
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
    response_metadata: { spent: meter.entries },
  });
  const search = searchOf(context, calls);
  const searching = new Set(search?.calls.map(({ answer_id }) => answer_id));
  const others = calls.filter(({ answer_id }) => !searching.has(answer_id));
  return new Command({
    update: { messages: [message], ...(search ? { search } : {}) },
    goto: [...others.map((task) => new Send('tools', task)), ...(search ? ['retrieve'] : [])],
  });
}

/** Null when nothing is looked up. A call without a query goes to the tools, which say what is wrong with it. */
function searchOf({ message_id, configuration }: RunContext, calls: ToolTask[]): KnowledgeSearch | null {
  const names = new Set(knowledgeTools(configuration.configuration).map(({ name }) => name));
  if (names.size === 0) return null;
  const lookups = calls.flatMap((task) => {
    const queries = names.has(task.name) ? queriesOf(task.args) : null;
    return queries ? [{ task, queries }] : [];
  });
  if (lookups.length === 0) return null;
  return begunSearch(
    message_id,
    lookups.flatMap(({ task, queries }) =>
      queries.map((query) => ({ tools: [task.name], queries: [query] })),
    ),
    lookups.map(({ task: { call_id, name, answer_id } }) => ({ call_id, name, answer_id })),
    lookups.length < calls.length,
  );
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
