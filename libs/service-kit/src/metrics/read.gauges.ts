import pTimeout from 'p-timeout';
import { Gauge, type Registry } from 'prom-client';

/** Milliseconds a scrape waits for what is read. */
const DEADLINE_MS = 2_000;

/**
 * Gauges whose values are read elsewhere, as in a database, when somebody asks: once for all of them, however many ask
 * at a time. What cannot be read has no value, rather than an old one.
 */
export class ReadGauges<Found> {
  private reading: Promise<Found | null> | null = null;

  /** `onMissing` hears why there are no values. */
  constructor(
    private readonly registry: Registry,
    private readonly read: () => Promise<Found>,
    private readonly onMissing: (error: unknown) => void,
  ) {}

  one(name: string, help: string, valueOf: (found: Found) => number): void {
    const found = (): Promise<Found | null> => this.found();
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        const values = await found();
        if (values === null) this.remove();
        else this.set(valueOf(values));
      },
    });
  }

  /** One series a value of `label`; those that `valuesOf` leaves out are 0. */
  by<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
    valuesOf: (found: Found) => Partial<Record<Value, number>>,
  ): void {
    const found = (): Promise<Found | null> => this.found();
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      async collect() {
        const counts = await found().then((all) => all && valuesOf(all));
        if (counts === null) this.reset();
        else for (const value of values) this.set({ [label]: value }, counts[value] ?? 0);
      },
    });
  }

  private found(): Promise<Found | null> {
    this.reading ??= pTimeout(this.read(), { milliseconds: DEADLINE_MS })
      .catch((error: unknown) => {
        this.onMissing(error);
        return null;
      })
      .finally(() => (this.reading = null));
    return this.reading;
  }
}
