import type { TokenUsage, UsageKind } from '@roost/contracts';
import type { ModelReply } from './model.call';

type Tokens = ModelReply['usage'];

/** Counts the tokens of one run, by kind of call and model. A provider that names no numbers is not counted. */
export class RunMeter {
  private counted: TokenUsage[] = [];
  private booked_elsewhere = 0;

  constructor(private readonly onSpent: (tokens: number) => void = () => undefined) {}

  add(kind: UsageKind, model: string, tokens: Tokens): void {
    if (!tokens) return;
    const { input_tokens, output_tokens } = tokens;
    this.onSpent(input_tokens + output_tokens);
    const same = this.counted.find((entry) => entry.kind === kind && entry.model === model);
    if (same) {
      same.calls += 1;
      same.input_tokens += input_tokens;
      same.output_tokens += output_tokens;
    } else {
      this.counted.push({ kind, model, calls: 1, input_tokens, output_tokens });
    }
  }

  /**
   * What the manager has spent for the run and booked itself: it counts towards the run's limit alone. An instance that
   * goes on with an interrupted run does not know it.
   */
  addBooked(usage: TokenUsage[]): void {
    this.booked_elsewhere += sumOf(usage);
  }

  /** A copy: what is counted later does not change it. */
  get entries(): TokenUsage[] {
    return this.counted.map((entry) => ({ ...entry }));
  }

  get tokens(): number {
    return sumOf(this.counted) + this.booked_elsewhere;
  }

  /** All kinds together; null when nothing was counted. */
  get total(): Tokens {
    if (this.counted.length === 0) return null;
    return {
      input_tokens: this.counted.reduce((sum, { input_tokens }) => sum + input_tokens, 0),
      output_tokens: this.counted.reduce((sum, { output_tokens }) => sum + output_tokens, 0),
    };
  }

  /** Goes on from what an interrupted run had counted: of several counts, taken one after the other, the last. */
  restore(counts: (TokenUsage[] | undefined)[]): void {
    for (const count of counts)
      if (count && sumOf(count) > sumOf(this.counted)) this.counted = count.map((entry) => ({ ...entry }));
  }
}

const sumOf = (entries: TokenUsage[]): number =>
  entries.reduce((sum, { input_tokens, output_tokens }) => sum + input_tokens + output_tokens, 0);
