export { inSpan, type SpanDescription, traceparent } from './spans';
export { startTracing, type Tracing } from './tracing';
