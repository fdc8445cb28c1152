const DELETE_FROM = '$deleteFromPrimitiveList/';

/** A strategic merge patch, as far as pods are patched here: objects merge, primitive lists may lose members. */
export function strategicMerge(target: object, patch: unknown): void {
  const into = target as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch as Record<string, unknown>)) {
    if (key.startsWith(DELETE_FROM)) {
      const list = key.slice(DELETE_FROM.length);
      const gone = value as unknown[];
      into[list] = ((into[list] ?? []) as unknown[]).filter((one) => !gone.includes(one));
    } else if (value === null) Reflect.deleteProperty(into, key);
    else if (typeof value === 'object' && !Array.isArray(value)) {
      const nested = into[key] ?? {};
      into[key] = nested;
      strategicMerge(nested, value);
    } else into[key] = value;
  }
}
