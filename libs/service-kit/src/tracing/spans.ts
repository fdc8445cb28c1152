import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export interface SpanDescription {
  name: string;
  /** By OpenTelemetry's semantic conventions. Never what people or models said. */
  attributes: Attributes;
  /** Calls another service. */
  is_client?: boolean;
  /**
   * The `traceparent` (W3C Trace Context) to go on from; undefined begins a trace of its own. Absent: what is under way
   * in this process is the parent.
   */
  parent?: string | undefined;
}

/** Runs `work` within a span, which ends with it. An error is told by its name alone: messages may quote people. */
export async function inSpan<Result>(
  description: SpanDescription,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const { name, attributes, is_client = false } = description;
  const around = 'parent' in description ? contextOf(description.parent) : context.active();
  const kind = is_client ? SpanKind.CLIENT : SpanKind.INTERNAL;
  return trace.getTracer('roost').startActiveSpan(name, { kind, attributes }, around, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Goes on with what another process began: what `work` makes is under it. Undefined changes nothing. */
export const within = <Result>(parent: string | undefined, work: () => Result): Result =>
  parent === undefined ? work() : context.with(contextOf(parent), work);

/** What another process goes on from; undefined while traces are off. */
export function traceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

const contextOf = (parent: string | undefined) =>
  parent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
