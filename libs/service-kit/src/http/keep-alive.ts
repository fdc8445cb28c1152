/**
 * Milliseconds an idle connection is kept: longer than by the proxies in front (60 s at nginx and most balancers), so
 * that it is they who close it. The other way round their next request meets a connection that is just being closed.
 */
export const KEEP_ALIVE_MS = 75_000;
