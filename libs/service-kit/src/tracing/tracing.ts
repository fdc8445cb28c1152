import type { Logger } from 'pino';

export interface Tracing {
  /** Sends what has not been sent yet, as far as a moment reaches. Never rejects. */
  stop(): Promise<void>;
}

const OFF: Tracing = { stop: () => Promise.resolve() };

/**
 * Switches traces on where `endpoint` (`OTEL_EXPORTER_OTLP_ENDPOINT`) names an OTLP/HTTP receiver. Without one nothing
 * is loaded, and spans are the API's own that do nothing.
 */
export async function startTracing(
  service: string,
  endpoint: string | undefined,
  logger: Logger,
): Promise<Tracing> {
  if (endpoint === undefined) return OFF;
  const { exportTraces } = await import('./otlp.export');
  return exportTraces(service, endpoint, logger);
}
