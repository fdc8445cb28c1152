type Json = Record<string, any>;

/** Whether a payload fits a filter, as Qdrant documents filtering; as much of it as the project uses. */
export function fitsFilter(payload: Json, filter: Json | undefined | null): boolean {
  if (!filter) return true;
  const { must = [], must_not = [], ...rest } = filter;
  if (Object.keys(rest).length > 0) throw new Error(`the stand-in knows no ${Object.keys(rest).join()}`);
  return (
    [must].flat().every((condition: Json) => fitsCondition(payload, condition)) &&
    ![must_not].flat().some((condition: Json) => fitsCondition(payload, condition))
  );
}

function fitsCondition(payload: Json, condition: Json): boolean {
  if (!('key' in condition)) return fitsFilter(payload, condition);
  const { key, match, range } = condition as { key: string; match?: Json; range?: Json };
  const values: unknown[] = [payload[key]].flat();
  if (match && 'value' in match) return values.includes(match['value']);
  if (match && 'any' in match) return values.some((value) => (match['any'] as unknown[]).includes(value));
  if (range && 'lt' in range)
    return values.some((value) => typeof value === 'number' && value < (range['lt'] as number));
  throw new Error(`the stand-in knows no ${JSON.stringify(condition)}`);
}
