import type { Citation } from '@roost/contracts';

/** What a reply rests on, as a JSON text: of a list the database's driver would make an array. */
export function storableCitations(citations: Citation[] | undefined): string | null {
  if (citations === undefined || citations.length === 0) return null;
  // A NUL would fail for ever: PostgreSQL stores none.
  return JSON.stringify(citations, (_name, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value,
  );
}
