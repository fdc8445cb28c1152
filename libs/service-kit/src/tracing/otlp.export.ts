import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import pTimeout from 'p-timeout';
import type { Logger } from 'pino';
import type { Flush } from '../shutdown';

/** Milliseconds one export may take. */
const EXPORT_MS = 5_000;
/** Milliseconds for which spans are gathered. */
const GATHER_MS = 1_000;
/** Spans that wait to be sent; more are dropped, since a receiver that is away must cost no memory. */
const QUEUE_MAX = 2_048;

/** Spans as OTLP in JSON over HTTP, by the provider that this makes the process' own. */
export function exportTraces(service: string, endpoint: string, logger: Logger): Flush {
  const warn = (message: string): void => logger.warn({ reason: message }, 'traces cannot be sent');
  const silent = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN },
  );
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'roost' }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: QUEUE_MAX,
        scheduledDelayMillis: GATHER_MS,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  });
  provider.register();
  return (within_ms) =>
    pTimeout(provider.shutdown(), { milliseconds: within_ms }).catch((error: unknown) =>
      warn(error instanceof Error ? error.message : String(error)),
    );
}
