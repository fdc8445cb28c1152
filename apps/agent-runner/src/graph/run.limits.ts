import { type AgentConfiguration, defaultRunLimits } from '@roost/contracts';
import type { RunSteps } from './run.steps';

/** A run did not come to an end within its limits; `message` is shown to users. */
export class RunLimitError extends Error {
  override readonly name = 'RunLimitError';
}

type Limits = AgentConfiguration['limits'];

export const runLimits = ({
  steps_per_run = defaultRunLimits.steps_per_run,
  tool_calls_per_run = defaultRunLimits.tool_calls_per_run,
}: Limits): { steps_per_run: number; tool_calls_per_run: number } => ({ steps_per_run, tool_calls_per_run });

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
