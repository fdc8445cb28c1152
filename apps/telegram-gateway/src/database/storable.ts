/** PostgreSQL keeps no NUL, nor half of a surrogate pair, in jsonb. */
export const storable = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'string' ? part.replaceAll(/\0|\p{Surrogate}/gu, '\ufffd') : part,
  );
