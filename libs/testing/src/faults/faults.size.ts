export type FaultsSize = 'short' | 'full';

/** How much the fault suite does: `FAULTS=full` for the whole of it, else the short version. */
export function faultsSize(): FaultsSize {
  const { FAULTS = 'short' } = process.env;
  if (FAULTS === 'short' || FAULTS === 'full') return FAULTS;
  throw new Error(`FAULTS=${FAULTS}: set it to short or full.`);
}

/** Whether this run does the whole of it: `it.runIf(isFull)` for what takes long. */
export const isFull = faultsSize() === 'full';

/** The one or the other, by the size of this run. */
export const sized = <Value>(sizes: Record<FaultsSize, Value>): Value => sizes[faultsSize()];
