/** Ids of Telegram have at most 52 significant bits: a number holds them, though PostgreSQL's bigint comes as text. */
export const wholeNumber = {
  from: (stored: string | null): number | null => (stored === null ? null : Number(stored)),
  to: (value: number | null): number | null => value,
};
