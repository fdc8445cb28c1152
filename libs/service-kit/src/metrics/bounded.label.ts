/** What values beyond the bound are counted as. */
export const OTHER = 'other';
/** Characters of one value: labels are kept in memory for as long as the process lives. */
const VALUE_MAX = 100;

/** A label whose values users choose: the first `max` different ones keep their names, all further ones are {@link OTHER}. */
export class BoundedLabel {
  private readonly known = new Set<string>();

  constructor(private readonly max: number) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.max || value.length > VALUE_MAX || value === '') return OTHER;
    this.known.add(value);
    return value;
  }
}
