import { fitsFilter } from './qdrant.payload-filter';

type Json = Record<string, any>;

export interface Point {
  id: string;
  vector: Record<string, any>;
  payload: Json;
  version: number;
}

interface Scored {
  point: Point;
  score: number;
}

/** One collection in memory, searched as Qdrant's Query API describes it. */
export class QdrantPoints {
  private points = new Map<string, Point>();
  private version = 0;

  constructor(readonly config: Json) {}

  get all(): Point[] {
    return [...this.points.values()];
  }

  upsert(points: Json[]): void {
    this.version++;
    for (const { id, vector, payload } of points as Point[]) {
      for (const [name, value] of Object.entries(vector)) this.check(name, value);
      this.points.set(id, { id, vector, payload, version: this.version });
    }
  }

  retrieve(ids: string[]): Point[] {
    return ids.flatMap((id) => this.points.get(id) ?? []);
  }

  matching(filter: Json | undefined): Point[] {
    return this.all.filter(({ payload }) => fitsFilter(payload, filter));
  }

  setPayload(payload: Json, filter: Json): void {
    this.version++;
    for (const point of this.matching(filter)) {
      this.points.set(point.id, {
        ...point,
        payload: { ...point.payload, ...payload },
        version: this.version,
      });
    }
  }

  delete(filter: Json): void {
    this.version++;
    for (const { id } of this.matching(filter)) this.points.delete(id);
  }

  query({ prefetch, query, using, filter, limit = 10 }: Json): Scored[] {
    if (prefetch) return this.fused([prefetch].flat(), query, limit);
    const name = using as string;
    this.check(name, query);
    const known = this.matching(filter).filter(({ vector }) => vector[name]);
    const scored = Array.isArray(query) ? nearest(known, name, query) : this.byWords(known, name, query);
    return best(scored, limit);
  }

  /** Reciprocal rank fusion; positions from 0. */
  private fused(prefetches: Json[], query: Json, limit: number): Scored[] {
    const k = query['rrf']?.k as number | undefined;
    if (k === undefined) throw new Error('the stand-in fuses with {rrf: {k}} alone');
    const scores = new Map<Point, number>();
    for (const prefetch of prefetches)
      this.query(prefetch).forEach(({ point }, position) =>
        scores.set(point, (scores.get(point) ?? 0) + 1 / (k + position)),
      );
    return best(
      [...scores].map(([point, score]) => ({ point, score })),
      limit,
    );
  }

  /** The dot product with each term weighed by how rare it is in the whole collection (`modifier: idf`). */
  private byWords(points: Point[], name: string, query: Json): Scored[] {
    const { indices, values } = query as { indices: number[]; values: number[] };
    const sparse = this.all.filter(({ vector }) => vector[name]);
    const idf = (term: number): number => {
      if (this.config['sparse_vectors'][name].modifier !== 'idf') return 1;
      const df = sparse.filter(({ vector }) => (vector[name].indices as number[]).includes(term)).length;
      return Math.log(1 + (sparse.length - df + 0.5) / (df + 0.5));
    };
    const weights = new Map(indices.map((term, place) => [term, (values[place] ?? 0) * idf(term)]));
    return points.flatMap((point) => {
      const { indices: terms, values: parts } = point.vector[name] as {
        indices: number[];
        values: number[];
      };
      if (!terms.some((term) => weights.has(term))) return [];
      const score = terms.reduce(
        (sum, term, place) => sum + (weights.get(term) ?? 0) * (parts[place] ?? 0),
        0,
      );
      return [{ point, score }];
    });
  }

  private check(name: string, vector: unknown): void {
    const dense = this.config['vectors'][name];
    if (dense) {
      if (!Array.isArray(vector) || vector.length !== dense.size)
        throw new WrongInput(`Vector dimension error: expected dim: ${dense.size}`);
      return;
    }
    const sparse = vector as { indices: number[]; values: number[] };
    if (!this.config['sparse_vectors']?.[name]) throw new WrongInput(`Not existing vector name: ${name}`);
    if (
      new Set(sparse.indices).size !== sparse.indices.length ||
      sparse.indices.length !== sparse.values.length
    )
      throw new WrongInput('indices must be unique, and as many as values');
  }
}

/** What Qdrant answers with 400. */
export class WrongInput extends Error {}

const norm = (vector: number[]): number => Math.hypot(...vector) || 1;

const nearest = (points: Point[], name: string, query: number[]): Scored[] =>
  points.map((point) => {
    const vector = point.vector[name] as number[];
    const product = vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0);
    return { point, score: product / norm(vector) / norm(query) };
  });

const best = (scored: Scored[], limit: number): Scored[] =>
  scored.sort((one, other) => other.score - one.score).slice(0, limit);
