export interface Sample {
  /** Minutes since the start. */
  minute: number;
  value: number;
}

/** What a measured quantity may do. */
export interface GrowthLimit {
  /** Growth an hour that is too much. */
  per_hour: number;
  /** Growth over the whole of the samples that says nothing: it is what such a quantity wavers by. */
  noise: number;
}

export interface Growth {
  first: number;
  last: number;
  per_hour: number;
  /** Along the line, from the first sample to the last. */
  total: number;
  tooMuch: boolean;
}

/** Fits a straight line through the samples by least squares and judges its slope. */
export function growthOf(samples: Sample[], { per_hour: limit, noise }: GrowthLimit): Growth {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (!first || !last || samples.length < 3)
    throw new Error('a slope needs three samples: run it for longer');
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(samples.map(({ minute }) => minute));
  const level = mean(samples.map(({ value }) => value));
  const slope =
    samples.reduce((sum, { minute, value }) => sum + (minute - middle) * (value - level), 0) /
    samples.reduce((sum, { minute }) => sum + (minute - middle) ** 2, 0);
  const total = slope * (last.minute - first.minute);
  return {
    first: first.value,
    last: last.value,
    per_hour: slope * 60,
    total,
    tooMuch: total > noise && slope * 60 > limit,
  };
}
