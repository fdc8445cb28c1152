/** The value below which the share `p` (0 to 1) of the samples lies, by nearest rank. */
export function percentile(samples: number[], p: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile of no samples');
  return value;
}

/** The middle sample, or the mean of the middle two. */
export function median(samples: number[]): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('a median of no samples');
  return (lower + upper) / 2;
}
