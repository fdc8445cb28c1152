export { inSpan, type SpanDescription, traceparent, within } from './spans';
export { startTracing } from './tracing';
