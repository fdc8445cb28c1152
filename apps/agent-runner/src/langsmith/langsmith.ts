import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import { LangChainTracer } from '@langchain/core/tracers/tracer_langchain';
import type { LangSmithTracing } from '@roost/contracts';
import type { Flush } from '@roost/service-kit';
import pTimeout from 'p-timeout';
import type { Logger } from 'pino';
import { DiscreetClient } from './discreet.client';

/** Milliseconds one batch may take to be sent. */
const SEND_MS = 10_000;
/** Bytes that wait to be sent; more is dropped, since a receiver that is away must not cost an instance its memory. */
const WAITING_BYTES_MAX = 16 * 1_048_576;

export interface LangSmith {
  /** Hears of what a graph and its models do. */
  tracer: LangChainTracer;
  flush: Flush;
}

/** Traces to LangSmith; `ask` is the way out of the instance. Nothing of the machine is told. */
export function connectLangSmith(
  { endpoint, api_key, project, hide_inputs, hide_outputs }: LangSmithTracing,
  ask: typeof fetch | undefined,
  logger: Logger,
): LangSmith {
  const client = new DiscreetClient(hide_inputs || hide_outputs, {
    apiUrl: endpoint,
    apiKey: api_key,
    ...(ask ? { fetchImplementation: ask } : {}),
    hideInputs: hide_inputs,
    hideOutputs: hide_outputs,
    omitTracedRuntimeInfo: true,
    timeout_ms: SEND_MS,
    maxIngestMemoryBytes: WAITING_BYTES_MAX,
  });
  return {
    tracer: new LangChainTracer({ client, projectName: project }),
    flush: (within_ms) =>
      pTimeout(
        awaitAllCallbacks().then(() => client.awaitPendingTraceBatches()),
        { milliseconds: within_ms },
      ).catch((error: unknown) => logger.warn({ err: error }, 'LangSmith was not told of the last runs')),
  };
}
