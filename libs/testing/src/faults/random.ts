/** Numbers that look random and are the same for the same seed. */
export interface Random {
  readonly seed: number;
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** What `FAULTS_SEED` says, else another one each time; printed, so that a run can be repeated. */
export function seededRandom(what: string, seed = Number(process.env['FAULTS_SEED'] ?? newSeed())): Random {
  if (!Number.isInteger(seed)) throw new Error('FAULTS_SEED must be a whole number');
  console.log(`${what}: FAULTS_SEED=${seed}`);
  return randomOf(seed);
}

/** The numbers of this seed, always the same. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32, of Tommy Ettinger.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    next,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}

const newSeed = (): number => Math.floor(Math.random() * 1_000_000);
