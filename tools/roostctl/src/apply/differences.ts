import { type Declaration, type Fields, isFields, mapFields } from './declarations';
import { Referenced } from './references';

export interface Difference {
  path: string;
  before: unknown;
  after: unknown;
}

/** What the service never returns: whether it is right cannot be seen. */
const WRITE_ONLY = /^(model\.api_key|integrations\[\d+\]\.bot_token)$/;

/**
 * Where a declaration differs from what the service has. What is not declared stays as it is, but for lists, which are
 * sent whole: in them it becomes its default. Secrets of the agent are compared by name; other values that are never
 * returned count as right unless `secrets` says to send them again.
 */
export function differences(
  { configuration, completed }: Pick<Declaration, 'configuration' | 'completed'>,
  current: Fields,
  secrets: boolean,
): Difference[] {
  const found: Difference[] = [];
  const compare = (path: string, after: unknown, before: unknown, whole: unknown): void => {
    if (path === 'secrets') return compareSecrets(after, current['secret_names']);
    if (WRITE_ONLY.test(path)) {
      if (secrets) found.push({ path, before: undefined, after });
    } else if (!isContainer(after)) {
      if ((after instanceof Referenced ? after.value : after) !== before) found.push({ path, before, after });
    } else {
      const inList = Array.isArray(after) || path.includes('[');
      const known =
        isContainer(before) && Array.isArray(before) === Array.isArray(after) ? before : undefined;
      const isNew = before !== undefined || (inList && Object.keys(after).length === 0);
      if (known === undefined && isNew) found.push({ path, before, after: Array.isArray(after) ? [] : {} });
      const defaults = isContainer(whole) ? whole : {};
      for (const key of new Set([...Object.keys(after), ...(inList ? Object.keys(known ?? {}) : [])]))
        compare(
          Array.isArray(after) ? `${path}[${key}]` : `${path}.${key}`.replace(/^\./, ''),
          (key in after ? after : defaults)[key],
          known?.[key],
          defaults[key],
        );
    }
  };
  const compareSecrets = (after: unknown, names: unknown): void => {
    const stored: unknown[] = Array.isArray(names) ? names : [];
    for (const [name, value] of Object.entries(isFields(after) ? after : {})) {
      const is_stored = stored.includes(name);
      if (value === null ? is_stored : secrets || !is_stored)
        found.push({ path: `secrets.${name}`, before: undefined, after: value });
    }
  };
  compare('', configuration, current, completed);
  return found;
}

/** Lists are containers by their indexes. */
const isContainer = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !(value instanceof Referenced);

/** A merge patch of the fields that differ: objects in part, lists whole, secrets only where they are to be sent. */
export function patchOf(declared: Fields, found: Difference[]): Fields {
  const touched = new Set(found.map(({ path }) => /^[^.[]+/.exec(path)?.[0] ?? path));
  const patch = Object.fromEntries(Object.entries(declared).filter(([key]) => touched.has(key)));
  const secrets = found.filter(({ path }) => path.startsWith('secrets.'));
  if (secrets.length > 0)
    patch['secrets'] = Object.fromEntries(secrets.map(({ path, after }) => [path.slice(8), after]));
  return patch;
}

/** What creates an agent: one that is new has no key that null could remove. */
export const creationOf = (configuration: Fields): Fields =>
  mapFields(configuration, (value, key) => {
    if (key !== 'model' || !isFields(value)) return value;
    const { api_key = null, ...open } = value;
    return api_key === null ? open : value;
  });

/** Lines for a person. Values that are secret, or were where one of the environment comes, are named, not shown. */
export function describe({ path, before, after }: Difference): string {
  const hidden = WRITE_ONLY.test(path) || path.startsWith('secrets.') || after instanceof Referenced;
  const shown = (value: unknown): string =>
    hidden && !(value instanceof Referenced) && value !== null
      ? '(secret)'
      : abbreviated(JSON.stringify(value));
  if (after === undefined) return `  - ${path}: ${shown(before)}`;
  if (before === undefined) return `  + ${path}: ${shown(after)}`;
  return `  ~ ${path}: ${shown(before)} -> ${shown(after)}`;
}

const LENGTH_MAX = 200;
const abbreviated = (text: string): string =>
  text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}… (${text.length} characters)` : text;
