import type { Citation } from '@roost/contracts';
import { storableText } from '../database/storable.text';

/** What a reply rests on, as a JSON text: of a list the database's driver would make an array. */
export function storableCitations(citations: Citation[] | undefined): string | null {
  if (citations === undefined || citations.length === 0) return null;
  return JSON.stringify(citations, (_name, value: unknown) =>
    typeof value === 'string' ? storableText(value) : value,
  );
}
