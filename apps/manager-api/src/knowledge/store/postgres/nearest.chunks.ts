import { bestFirst, type Ranked } from '../fusion/reciprocal.rank';

/** Compares a query with vectors one by one, and keeps the nearest. */
export class NearestChunks {
  private readonly query: Float32Array;
  /** A row's bytes may begin anywhere; floats must not. */
  private readonly row: Float32Array;
  private readonly rowBytes: Uint8Array;
  private best: Ranked[] = [];
  private threshold = -Infinity;

  /** All vectors are of length 1. */
  constructor(
    query: readonly number[],
    private readonly limit: number,
  ) {
    this.query = Float32Array.from(query);
    this.row = new Float32Array(query.length);
    this.rowBytes = new Uint8Array(this.row.buffer);
  }

  offer(chunk_id: string, embedding: Buffer): void {
    this.rowBytes.set(embedding);
    const score = dot(this.query, this.row);
    if (score < this.threshold) return;
    this.best.push({ chunk_id, score });
    if (this.best.length >= this.limit * 2) this.shrink();
  }

  /** Best first. */
  ranking(): Ranked[] {
    this.shrink();
    return this.best;
  }

  private shrink(): void {
    this.best = this.best.sort(bestFirst).slice(0, this.limit);
    if (this.best.length === this.limit) this.threshold = this.best.at(-1)?.score ?? -Infinity;
  }
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
