import { setMaxListeners } from 'node:events';

/** Eight calls side by side, each with its retries, its deadline and its connection. Node warns of more than ten. */
const LISTENERS_MAX = 64;

/** A signal that ends several calls at once. */
export function shared<Signal extends AbortSignal>(signal: Signal): Signal {
  setMaxListeners(LISTENERS_MAX, signal);
  return signal;
}
