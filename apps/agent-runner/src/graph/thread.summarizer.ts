import { type BaseMessage, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { anySignal } from 'any-signal';
import type { ModelCall } from './model.call';
import type { ModelFactory } from './model.factory';
import type { RunContext } from './run.context';
import { checkSpending, runLimits } from './run.limits';
import { SUMMARIZING_PROMPT, summarizingQuestion, summaryOf, type ThreadSummary } from './thread.summary';

/** Milliseconds that a summary may keep a reply waiting; half of the run's where it has few. */
const PATIENCE_MS = 15_000;

/**
 * Takes what the next run is not shown into the running summary of the thread. It goes on beside the run, so no step
 * of that waits for it; where it fails, the answer stands and the next run summarizes both.
 */
export class ThreadSummarizer {
  constructor(
    private readonly models: ModelFactory,
    private readonly call: ModelCall,
  ) {}

  /** Null when none could be made, or `signal` aborted; never rejects. */
  async summarize(
    open: BaseMessage[],
    summary: ThreadSummary | null,
    context: RunContext,
    signal: AbortSignal,
  ): Promise<ThreadSummary | null> {
    const { configuration: runtime, meter } = context;
    const { model, limits } = runtime.configuration;
    const patience_ms = Math.min(PATIENCE_MS, runLimits(limits).seconds_per_run * 500);
    const stop = anySignal([signal, AbortSignal.timeout(patience_ms)]);
    context.onStep('summarizing', `Summarizing ${open.length} earlier messages`);
    try {
      await checkSpending(context, stop);
      const { content, usage } = await this.call.answer(
        this.models.notes(runtime),
        [new SystemMessage(SUMMARIZING_PROMPT), new HumanMessage(summarizingQuestion(summary, open))],
        { signal: stop },
        { onToken: () => undefined, onRetry: () => undefined },
        { tools: [], may_be_silent: false },
      );
      meter.add('summarizing', model.name, usage);
      // A model that writes no notes does not take away those there are.
      return content.trim() === '' ? null : summaryOf(content, open);
    } catch {
      return null;
    } finally {
      stop.clear();
    }
  }
}
