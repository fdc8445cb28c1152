import { expect, vi } from 'vitest';
import type { ManagerHarness } from './manager.harness';

/** What `/metrics` of a manager says. */
export class ScrapedMetrics {
  constructor(private readonly harness: () => ManagerHarness) {}

  async text(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.harness().manager.internal_port}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    return answer.text();
  }

  /** The value of a series, written as in the text format; null when there is none. */
  async value(series: string): Promise<number | null> {
    const line = (await this.text()).split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  }

  until(series: string, expected: number): Promise<void> {
    return vi.waitFor(async () => expect(await this.value(series)).toBe(expected), { timeout: 10_000 });
  }
}
