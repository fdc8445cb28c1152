import type { Environment } from '../config';
import { type Fields, invalid, isFields, mapFields } from './declarations';

const REFERENCE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** A value that came from the environment; it is sent, compared, and shown only as what it was declared as. */
export class Referenced {
  constructor(
    readonly declared: string,
    readonly value: string,
  ) {}

  /** Also where it is printed by mistake. */
  toJSON(): string {
    return this.declared;
  }

  toString(): string {
    return this.declared;
  }
}

/** Puts a {@link Referenced} in place of each text that is `${NAME}` as a whole. */
export function resolveReferences(place: string, fields: Fields, env: Environment): Fields {
  const resolve = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, `${path}[${index}]`));
    if (isFields(value))
      return mapFields(value, (item, key) => resolve(item, path === '' ? key : `${path}.${key}`));
    const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
    if (name === undefined) return value;
    const found = env[name];
    if (found === undefined || found === '')
      throw invalid(`${place}: ${path}: the variable ${name} is not set`);
    return new Referenced(String(value), found);
  };
  return resolve(fields, '') as Fields;
}

/** What is sent: the values themselves. */
export function revealed(value: unknown): unknown {
  if (value instanceof Referenced) return value.value;
  if (Array.isArray(value)) return value.map(revealed);
  return isFields(value) ? mapFields(value, revealed) : value;
}
