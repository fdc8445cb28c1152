/** What a store stands on besides PostgreSQL, for `/readyz`; each rejects when it does not answer. */
export type StoreProbes = Record<string, () => Promise<unknown>>;

export const STORE_PROBES = Symbol('StoreProbes');
