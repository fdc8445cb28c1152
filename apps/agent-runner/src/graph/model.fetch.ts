/**
 * How models are asked where a proxy is the way out; undefined leaves it to the client. What it takes is loaded
 * beside the rest, and only then: runners without a proxy start faster.
 */
export function modelFetch(proxy: string | undefined): typeof fetch | undefined {
  if (proxy === undefined) return undefined;
  const loading = import('./model.proxy').then(({ proxiedFetch }) => proxiedFetch(proxy));
  return async (input, init) => (await loading)(input, init);
}
