export * from './guarded-http.client';
export * from './guarded-http.error';
export { type GuardedFetch, type GuardedFetchLimits } from './guarded.fetch';
export { proxiedFetch } from './proxied.fetch';
