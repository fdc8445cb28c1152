import { ServiceError } from '@roost/contracts';
import type { PageQueryDto } from '@roost/contracts/rest';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { z } from 'zod';

/** A place in a list: after the row with this key. */
const Place = z.tuple([
  z.string().max(64),
  z
    .string()
    .max(200)
    .regex(/^[^\0]*$/),
]);
export type Place = z.infer<typeof Place>;

export interface PageRequest {
  limit: number;
  after: Place | null;
}

/** @throws {ServiceError} `invalid_cursor` */
export function pageRequest(query: PageQueryDto): PageRequest {
  if (query.cursor === undefined) return { limit: query.limit, after: null };
  try {
    const after = Place.parse(JSON.parse(Buffer.from(query.cursor, 'base64url').toString('utf8')));
    return { limit: query.limit, after };
  } catch {
    throw new ServiceError(
      'invalid_cursor',
      'Use next_cursor of the page before, unchanged, or leave cursor out.',
    );
  }
}

/** Newest first by (`created_at`, `id`; times have milliseconds), one row more than asked for, so that the end of the list is known. */
export function newestFirst<Row extends ObjectLiteral>(
  rows: SelectQueryBuilder<Row>,
  { limit, after }: PageRequest,
): SelectQueryBuilder<Row> {
  const page = rows
    .orderBy('row.created_at', 'DESC')
    .addOrderBy('row.id', 'DESC')
    .take(limit + 1);
  return after
    ? page.andWhere('(row.created_at, row.id) < (:created_at::timestamptz, :id)', {
        created_at: validTime(after[0]),
        id: after[1],
      })
    : page;
}

/** The page and where the next one begins. */
export function toPage<Row, Item>(
  rows: Row[],
  { limit }: PageRequest,
  place: (row: Row) => Place,
  item: (row: Row) => Item,
): { items: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(item),
    next_cursor: more ? Buffer.from(JSON.stringify(place(last))).toString('base64url') : null,
  };
}

export const byCreation = (row: { created_at: Date; id: string }): Place => [
  row.created_at.toISOString(),
  row.id,
];

export function validTime(text: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new ServiceError('invalid_cursor', 'Use next_cursor of the page before, unchanged.');
  return text;
}
