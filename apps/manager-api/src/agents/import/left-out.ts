/** Something of the former configuration that the agent does not have. */
export interface LeftOut {
  /** Dotted path into what was sent. */
  path: string;
  /** Why, and what to do about it. */
  reason: string;
}

/** Collects what could not be taken over. */
export class LeftOutList {
  readonly items: LeftOut[] = [];

  add(path: string, reason: string): void {
    this.items.push({ path, reason });
  }

  /** Names the fields of an object that nobody has asked for. */
  addUnknown(path: string, value: Record<string, unknown>, known: readonly string[]): void {
    for (const name of Object.keys(value))
      if (!known.includes(name)) this.add(`${path}.${name}`, 'is not known here and was left out');
  }
}
