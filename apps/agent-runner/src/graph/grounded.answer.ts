import { type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import type { Citation, RetrievedChunk } from '@roost/contracts';
import type { AgentState } from './agent.state';
import { CitationMarkers, withoutMarkers } from './citation.markers';
import { source, toolAnswer } from './knowledge.prompts';
import { memoryWindow } from './memory.window';
import type { ModelCall } from './model.call';
import { malformed } from './model.error';
import type { ModelFactory } from './model.factory';
import { afterBreak, remembered } from './reply.memory';
import type { RunContext } from './run.context';
import { checkSpending } from './run.limits';
import { RunSteps } from './run.steps';
import { systemPrompt } from './system.prompt';
import { summaryPrompt } from './thread.summary';

/**
 * Answers from passages, and ends the run. What documents say is data: no tool is offered, so none can be talked into
 * being called.
 */
export async function answerFrom(
  { rules, chunks }: { rules: string; chunks: RetrievedChunk[] },
  { models, call }: { models: ModelFactory; call: ModelCall },
  state: AgentState,
  config: LangGraphRunnableConfig<RunContext>,
  cite: (markers: CitationMarkers) => Citation[],
): Promise<Partial<AgentState>> {
  const { context } = config;
  if (!context) throw new Error('The graph was invoked without its context');
  const { message_id, first_message_id, configuration: runtime, meter, onRetry } = context;
  const { memory, model } = runtime.configuration;
  await checkSpending(context, config.signal);
  const steps = new RunSteps(state.messages, message_id);
  const window = memoryWindow(state, memory, message_id, first_message_id);
  const prompt = [systemPrompt(runtime.configuration), rules, summaryPrompt(state.summary, memory)];
  const markers = new CitationMarkers(chunks.length);
  const show = afterBreak(steps.text !== '', context.onToken);
  const onToken = (text: string): Promise<void> | undefined => (text === '' ? undefined : show(text));
  const { usage } = await call.answer(
    models.of(runtime),
    [
      new SystemMessage(prompt.filter((part) => part !== '').join('\n\n')),
      ...withSources(withoutMarkers(window), chunks, steps),
    ],
    config,
    { onRetry, onToken: (text) => onToken(markers.push(text)) },
    { tools: [], may_be_silent: false },
  );
  await onToken(markers.end());
  if (markers.text === '') throw malformed();
  meter.add('agent', model.name, usage);
  return remembered(state, window, steps, context, { content: markers.text, citations: cite(markers) });
}

/** Within the user's message, for some models take no two of them in a row. */
function withSources(window: BaseMessage[], chunks: RetrievedChunk[], steps: RunSteps): BaseMessage[] {
  const answers = steps.messages.flatMap((message) =>
    message instanceof ToolMessage ? [toolAnswer(message.name ?? 'tool', message.text)] : [],
  );
  const sources = [...chunks.map((chunk, index) => source(chunk, index + 1)), ...answers];
  if (sources.length === 0) return window;
  return [...window.slice(0, -1), new HumanMessage([window.at(-1)?.text ?? '', ...sources].join('\n\n'))];
}
