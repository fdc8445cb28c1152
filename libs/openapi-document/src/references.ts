import { jsonpointer } from 'json-p3';
import { DocumentError } from './document.error';

export type JsonObject = Record<string, unknown>;

const MISSING = Symbol('missing');
/** References to references. */
const CHAIN_MAX = 16;
/** Objects and lists that may be visited for one document: references can make much of little. */
const VISITS_MAX = 20_000;

/** A document whose references lead nowhere but into itself, read within bounds. */
export class References {
  private visits = 0;

  constructor(private readonly document: JsonObject) {}

  /** Counts one step; whatever walks the document calls it. @throws {DocumentError} past the bound. */
  visit(): void {
    this.visits += 1;
    if (this.visits > VISITS_MAX)
      throw new DocumentError(
        'the operations are too large once their references are written out: choose fewer',
      );
  }

  /** What an object stands for: itself, or what it refers to. @throws {DocumentError} */
  resolve(value: unknown): unknown {
    let found = value;
    for (let chain = 0; isObject(found) && typeof found['$ref'] === 'string'; chain += 1) {
      if (chain >= CHAIN_MAX) throw new DocumentError(`${found['$ref']} refers to itself`);
      found = this.at(found['$ref']);
    }
    return found;
  }

  private at(reference: string): unknown {
    this.visit();
    if (!reference.startsWith('#'))
      throw new DocumentError(`${reference} lies outside the document: write it into it`);
    const found = this.pointed(reference);
    if (found === MISSING) throw new DocumentError(`${reference} is not in the document`);
    return found;
  }

  private pointed(reference: string): unknown {
    try {
      const pointer = decodeURIComponent(reference.slice(1));
      return jsonpointer.resolve(pointer, this.document as Parameters<typeof jsonpointer.resolve>[1]);
    } catch {
      return MISSING;
    }
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
