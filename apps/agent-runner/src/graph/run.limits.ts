import { type AgentConfiguration, defaultRunLimits } from '@roost/contracts';
import { anySignal } from 'any-signal';
import type { RunContext } from './run.context';
import type { RunMeter } from './run.meter';
import type { RunSteps } from './run.steps';

/** A run did not come to an end within its limits; `message` is shown to users. */
export class RunLimitError extends Error {
  override readonly name = 'RunLimitError';
}

const NEVER = new AbortController().signal;

type Limits = AgentConfiguration['limits'];
type RunLimits = { [Name in keyof typeof defaultRunLimits]: number };

export const runLimits = ({
  steps_per_run = defaultRunLimits.steps_per_run,
  tool_calls_per_run = defaultRunLimits.tool_calls_per_run,
  seconds_per_run = defaultRunLimits.seconds_per_run,
  tokens_per_run = defaultRunLimits.tokens_per_run,
}: Limits): RunLimits => ({ steps_per_run, tool_calls_per_run, seconds_per_run, tokens_per_run });

/** Supersteps that a run within its limits can take: those that each question to the model may bring, and both ends. */
export function recursionLimit({ limits, tools }: Pick<AgentConfiguration, 'limits' | 'tools'>): number {
  const rounds = tools.flatMap((tool) => (tool.type === 'knowledge_base' ? [tool.rewrite_attempts + 1] : []));
  // A question and its tools, or a question and its rounds of retrieving, grading and rewriting.
  const steps = Math.max(2, 1 + 3 * Math.max(0, ...rounds));
  return steps * runLimits(limits).steps_per_run + 4;
}

/** @throws {RunLimitError} when the model may not be asked again. */
export function checkStep(steps: RunSteps, limits: Limits): void {
  const { steps_per_run } = runLimits(limits);
  if (steps.count < steps_per_run) return;
  throw new RunLimitError(
    `The answer took more than ${steps_per_run} steps. Ask for less at once, or raise limits.steps_per_run.`,
  );
}

/** @throws {RunLimitError} when the model wants more calls than are left; none of them is made. */
export function checkToolCalls(steps: RunSteps, wanted: number, limits: Limits): void {
  const { tool_calls_per_run } = runLimits(limits);
  if (steps.tool_calls + wanted <= tool_calls_per_run) return;
  throw new RunLimitError(
    `The answer took more than ${tool_calls_per_run} calls of tools. Ask for less at once, or raise limits.tool_calls_per_run.`,
  );
}

/**
 * Whether a model may be asked another question. Nothing to wait for unless the agent has a budget.
 * @throws {RunLimitError} when the run has no tokens left; rejects with {@link BudgetExhaustedError} when the day has none.
 */
export function checkSpending(
  { meter, budget, configuration }: Pick<RunContext, 'meter' | 'budget' | 'configuration'>,
  signal: AbortSignal = NEVER,
): Promise<void> | undefined {
  const { limits } = configuration.configuration;
  checkTokens(meter, limits);
  const { tokens_per_day = null } = limits;
  return tokens_per_day === null ? undefined : budget.check(tokens_per_day, signal);
}

/** @throws {RunLimitError} */
function checkTokens({ tokens }: RunMeter, limits: Limits): void {
  const { tokens_per_run } = runLimits(limits);
  if (tokens < tokens_per_run) return;
  throw new RunLimitError(
    `The answer took more than ${tokens_per_run} tokens. Ask for less at once, or raise limits.tokens_per_run.`,
  );
}

/**
 * Gives `work` a signal that also aborts when the run's seconds are over.
 * @throws {RunLimitError} then.
 */
export async function withinSeconds<Result>(
  limits: Limits,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { seconds_per_run } = runLimits(limits);
  const late = new AbortController();
  const over = new RunLimitError(
    `The answer took more than ${seconds_per_run} seconds. Ask for less at once, or raise limits.seconds_per_run.`,
  );
  // Not AbortSignal.timeout, which would keep its timer long after the run.
  const timer = setTimeout(() => late.abort(over), seconds_per_run * 1_000);
  const limited = anySignal([signal, late.signal]);
  try {
    return await work(limited);
  } catch (error) {
    if (late.signal.aborted && !signal.aborted) throw over;
    throw error;
  } finally {
    clearTimeout(timer);
    limited.clear();
  }
}
