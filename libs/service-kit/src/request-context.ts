import { AsyncLocalStorage } from 'node:async_hooks';

interface RequestContext {
  request_id: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` and all that follows from it as part of one request: its log lines carry the id. */
export const inRequest = <Result>(request_id: string, work: () => Result): Result =>
  storage.run({ request_id }, work);

/** What every log line says of the request it belongs to. A copy: a logger may add to what it is given. */
export const requestContext = (): Partial<RequestContext> => ({ ...storage.getStore() });
