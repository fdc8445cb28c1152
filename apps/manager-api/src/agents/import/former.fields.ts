import { storableText } from '../../database/storable.text';
import { fieldsOf, isFields, numberOf, textOf } from './former.values';
import type { LeftOutList } from './left-out';

/** An object of the former configuration. Whatever it holds in another type than expected is told, and left out. */
export class FormerFields {
  private readonly asked = new Set<string>();

  constructor(
    private readonly fields: Record<string, unknown>,
    readonly path: string,
    private readonly left_out: LeftOutList,
  ) {}

  /** A text that is not blank, cut to `max` characters. */
  text(name: string, max: number): string | undefined {
    const value = this.take(name);
    const text = textOf(value);
    if (text === undefined) {
      if (typeof value !== 'string') this.told(name, value, 'a text');
      return undefined;
    }
    if (text.length <= max) return text;
    this.leaveOut(name, `has ${text.length} characters and was cut to ${max}`);
    return storableText(text.slice(0, max));
  }

  /** Also one that was kept as a text. */
  number(name: string): number | undefined {
    const value = this.take(name);
    const number = numberOf(value);
    if (number === undefined) this.told(name, value, 'a number');
    return number;
  }

  boolean(name: string): boolean | undefined {
    const value = this.take(name);
    if (typeof value === 'boolean') return value;
    this.told(name, value, 'true or false');
    return undefined;
  }

  list(name: string): unknown[] {
    const value = this.take(name);
    if (Array.isArray(value)) return value as unknown[];
    this.told(name, value, 'a list');
    return [];
  }

  object(name: string): FormerFields {
    const value = this.take(name);
    if (!isFields(value)) this.told(name, value, 'an object');
    return new FormerFields(isFields(value) ? value : {}, `${this.path}.${name}`, this.left_out);
  }

  /** Lists of `{key, value}`, or an object of them; of several with one key the first. */
  pairs(name: string): [string, string][] {
    const pairs = new Map<string, string>();
    for (const [path, key, value] of this.entries(name)) {
      if (key === undefined) this.leaveOut(path, 'has no key');
      else if (pairs.has(key)) this.leaveOut(path, `${key} is there already: each may be sent once`);
      else pairs.set(key, asText(value));
    }
    return [...pairs];
  }

  private entries(name: string): [path: string, key: string | undefined, value: unknown][] {
    const value = this.take(name);
    if (isFields(value)) return Object.entries(value).map(([key, text]) => [`${name}.${key}`, key, text]);
    if (!Array.isArray(value)) {
      this.told(name, value, 'a list of {key, value}');
      return [];
    }
    return (value as unknown[]).map((entry, index) => {
      const { key, value: text } = fieldsOf(entry);
      return [`${name}.${index}`, textOf(key), text];
    });
  }

  leaveOut(name: string, reason: string): void {
    this.left_out.add(`${this.path}.${name}`, reason);
  }

  /** Names what nobody has asked for, but for what means nothing here. */
  leaveOutOthers(...meaningless: string[]): void {
    for (const name of Object.keys(this.fields))
      if (!this.asked.has(name) && !meaningless.includes(name))
        this.leaveOut(name, 'is not known here and was left out');
  }

  private take(name: string): unknown {
    this.asked.add(name);
    return this.fields[name];
  }

  private told(name: string, value: unknown, wanted: string): void {
    if (value !== undefined && value !== null && value !== '')
      this.leaveOut(name, `must be ${wanted}, and was left out`);
  }
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
