import { GuardedHttpClient, type GuardedHttpOptions } from '@roost/guarded-http';

/** What every request of a tool goes through. */
export const outboundClient = (options: GuardedHttpOptions): GuardedHttpClient =>
  new GuardedHttpClient(options);
