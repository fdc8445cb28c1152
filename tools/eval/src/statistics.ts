import { randomOf } from '@roost/testing';

/** A mean and the interval that holds it with 95 %. */
export interface Estimate {
  n: number;
  mean: number;
  low: number;
  high: number;
}

const RESAMPLES = 2_000;
/** Fixed, so that the same observations give the same interval. */
const SEED = 20_250;

/** The mean with its percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13); null of no values. */
export function estimate(values: readonly number[], seed = SEED): Estimate | null {
  if (values.length === 0) return null;
  const random = randomOf(seed);
  const means = Array.from({ length: RESAMPLES }, () => mean(values.map(() => random.pick(values))));
  means.sort((left, right) => left - right);
  const at = (share: number): number => means[Math.round(share * (RESAMPLES - 1))] ?? Number.NaN;
  return { n: values.length, mean: mean(values), low: at(0.025), high: at(0.975) };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
