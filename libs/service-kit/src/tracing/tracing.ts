import type { Logger } from 'pino';
import type { Flush } from '../shutdown';

/**
 * Switches traces on where `endpoint` (`OTEL_EXPORTER_OTLP_ENDPOINT`) names an OTLP/HTTP receiver, and returns what is owed at
 * the end. Without one nothing is loaded, and spans are the API's own that do nothing.
 */
export async function startTracing(
  service: string,
  endpoint: string | undefined,
  logger: Logger,
): Promise<Flush[]> {
  if (endpoint === undefined) return [];
  const { exportTraces } = await import('./otlp.export');
  return [exportTraces(service, endpoint, logger)];
}
