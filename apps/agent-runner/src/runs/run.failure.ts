import type { ErrorCode } from '@roost/contracts';
import { ManagerRefusedError, ManagerUnavailableError } from '../exchange/manager.client';
import { ModelError } from '../graph/model.error';
import { RunLimitError } from '../graph/run.limits';
import { BudgetExhaustedError } from '../usage/token.budget';
import { KnowledgeError } from '../knowledge/knowledge.client';

export interface RunFailure {
  code: ErrorCode;
  /** Shown to users. */
  detail: string;
}

/** Every way a run can fail, in words of the catalogue. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof ModelError) return { code: error.code, detail: error.message };
  if (error instanceof RunLimitError) return { code: 'run_limit_reached', detail: error.message };
  if (error instanceof BudgetExhaustedError) return { code: 'budget_exhausted', detail: error.message };
  if (error instanceof KnowledgeError) return { code: 'run_failed', detail: error.message };
  if (error instanceof ManagerUnavailableError || error instanceof ManagerRefusedError) {
    return {
      code: 'run_failed',
      detail: "The agent's memory or configuration could not be reached. Send the message again.",
    };
  }
  return {
    code: 'run_failed',
    detail: "The run failed for a reason of its own. Send the message again; the agent's log says more.",
  };
}

/** What a log may hold of it: a provider's own words can quote the key or the prompt. */
export function logFieldsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof ModelError)) return { err: error };
  const { name, status, cause } = (error.cause ?? {}) as { name?: string; status?: number; cause?: unknown };
  return { provider_error: name, status, network_error: (cause as { code?: unknown } | undefined)?.code };
}
