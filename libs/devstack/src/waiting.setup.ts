import { vi } from 'vitest';

/** Milliseconds that a test waits for a condition unless it says how long. */
const PATIENCE_MS = 10_000;

// Vitest gives up after one second, which a busy machine may need, and has no setting for it.
const waitFor = vi.waitFor.bind(vi);
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
