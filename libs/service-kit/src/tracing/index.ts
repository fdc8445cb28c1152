export { inSpan, type SpanDescription, traceparent } from './spans';
export { startTracing } from './tracing';
