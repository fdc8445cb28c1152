import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** Spans that are kept; the first ones, since tests look at few. */
const SPANS_MAX = 10_000;

export interface ReceivedSpan {
  service: string;
  name: string;
  trace_id: string;
  span_id: string;
  /** Null on the first span of a trace. */
  parent_id: string | null;
  /** As OTLP numbers them: 1 internal, 3 client. */
  kind: number;
  attributes: Record<string, string | number | boolean>;
}

type Value = { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean };
type Attribute = { key: string; value: Value };
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        kind: number;
        attributes: Attribute[];
      }[];
    }[];
  }[];
}

/** Takes traces as a collector does: OTLP in JSON over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Everything that came, to look for what must not be in it. */
  bodies = '';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      receiver.take(request).then(
        () => response.setHeader('content-type', 'application/json').end('{}'),
        () => response.writeHead(400).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async take(request: IncomingMessage): Promise<void> {
    if (request.method !== 'POST' || request.url !== '/v1/traces') throw new Error('no such address');
    const body = await bodyOf(request);
    this.bodies += JSON.stringify(body);
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service = String(plain(resource.attributes)['service.name']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        if (this.spans.length >= SPANS_MAX) return;
        this.spans.push({
          service,
          name: span.name,
          trace_id: span.traceId,
          span_id: span.spanId,
          parent_id: span.parentSpanId || null,
          kind: span.kind,
          attributes: plain(span.attributes),
        });
      }
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<ExportRequest> {
  if (request.headers['content-encoding'] !== 'gzip') return (await json(request)) as ExportRequest;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as ExportRequest;
}

const plain = (attributes: Attribute[]): ReceivedSpan['attributes'] =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue ?? '') : Number(intValue)),
    ]),
  );
