import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { anySignal } from 'any-signal';
import type { AgentState } from './agent.state';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import type { RunContext } from './run.context';
import { checkSpending, runLimits } from './run.limits';
import { SUMMARIZING_PROMPT, summarizingQuestion, summaryOf, toSummarize } from './thread.summary';

/** Milliseconds that a summary may keep a reply waiting; half of the run's where it has few, so that the answer stands. */
const PATIENCE_MS = 15_000;

/**
 * Takes what the next run is not shown into the running summary of the thread. It runs beside the answer, so nobody
 * waits for a first token; where it fails, the answer stands and the next run summarizes both.
 */
export function summarizeNode(models: ModelFactory, call: ModelCall) {
  return async (
    { messages, summary }: AgentState,
    config: LangGraphRunnableConfig<RunContext>,
  ): Promise<Partial<AgentState>> => {
    const { context, signal } = config;
    if (!context || !signal) throw new Error('The graph was invoked without its context');
    const { message_id, first_message_id, configuration: runtime, meter } = context;
    const { memory, model, limits } = runtime.configuration;
    const patience_ms = Math.min(PATIENCE_MS, runLimits(limits).seconds_per_run * 500);
    const open = toSummarize(messages, summary, memory, message_id, first_message_id);
    if (open.length === 0) return {};
    context.onStep('summarizing', `Summarizing ${open.length} earlier messages`);
    const stop = anySignal([signal, AbortSignal.timeout(patience_ms)]);
    try {
      await checkSpending(context, signal);
      const { content, usage } = await call.answer(
        models.of(runtime),
        [new SystemMessage(SUMMARIZING_PROMPT), new HumanMessage(summarizingQuestion(summary, open))],
        { ...config, signal: stop },
        { onToken: () => undefined, onRetry: () => undefined },
        { tools: [], may_be_silent: false },
      );
      meter.add('summarizing', model.name, usage);
      // A model that writes no notes does not take away those there are.
      return content.trim() === '' ? {} : { summary: summaryOf(content, open) };
    } catch {
      signal.throwIfAborted();
      return {};
    } finally {
      stop.clear();
    }
  };
}
