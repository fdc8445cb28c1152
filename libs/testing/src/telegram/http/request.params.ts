import type { Json } from '../json';
import { badRequest } from '../telegram.refusal';

/** A request's parameters, read as Telegram reads them: a number may be a string, an object may be its JSON. */
export class RequestParams {
  constructor(readonly values: Json) {}

  has(name: string): boolean {
    return this.values[name] !== undefined && this.values[name] !== '';
  }

  string(name: string): string {
    const value = this.values[name] as object | string | number | boolean | null | undefined;
    if (value === undefined || value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }

  /** 0 where it is absent or no number, as in Telegram's server. */
  integer(name: string): number {
    const number = Number(this.string(name));
    return Number.isSafeInteger(number) ? number : 0;
  }

  boolean(name: string): boolean {
    return ['true', '1', 'yes'].includes(this.string(name).toLowerCase());
  }

  /** An object; undefined where there is none. */
  json(name: string): Json | undefined {
    const value = this.parsed(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null) throw badRequest(`object expected as ${name}`);
    return value;
  }

  /** A list; undefined where there is none. */
  list(name: string): unknown[] | undefined {
    const value = this.parsed(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw badRequest(`expected an Array as ${name}`);
  }

  private parsed(name: string): unknown {
    if (!this.has(name)) return undefined;
    const value: unknown = this.values[name];
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      throw badRequest(`can't parse ${name} JSON object`);
    }
  }
}
