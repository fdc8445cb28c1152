import type { IncomingMessage } from 'node:http';
import { HttpReceiver } from './http.receiver';

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
export class OtlpReceiver extends HttpReceiver {
  readonly spans: ReceivedSpan[] = [];

  static start(): Promise<OtlpReceiver> {
    return new OtlpReceiver().listen();
  }

  protected override async take(request: IncomingMessage): Promise<object> {
    if (request.method !== 'POST' || request.url !== '/v1/traces') throw new Error('no such address');
    const body = JSON.parse(await this.bodyOf(request)) as ExportRequest;
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service = String(plain(resource.attributes)['service.name']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        if (this.spans.length >= SPANS_MAX) return {};
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
    return {};
  }
}

const plain = (attributes: Attribute[]): ReceivedSpan['attributes'] =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue ?? '') : Number(intValue)),
    ]),
  );
