export interface Verdict {
  /** `skipped`: it cannot be seen from here; the hint says how it could. */
  verdict: 'ok' | 'failed' | 'skipped';
  /** What was found, and for anything but `ok` what to do. */
  hint: string;
}

export interface Check {
  name: string;
  run(): Promise<Verdict>;
}

export const ok = (hint: string): Verdict => ({ verdict: 'ok', hint });
export const failed = (hint: string): Verdict => ({ verdict: 'failed', hint });
export const skipped = (hint: string): Verdict => ({ verdict: 'skipped', hint });

const REQUEST_MS = 5_000;

/** An answer within the deadline; null when there is none. */
export const answerOf = (url: string, headers: Record<string, string> = {}): Promise<Response | null> =>
  fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_MS) }).catch(() => null);
