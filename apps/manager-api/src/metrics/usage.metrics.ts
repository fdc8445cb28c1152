import { Injectable } from '@nestjs/common';
import type { ToolCalls } from '@roost/contracts';
import { BoundedLabel, MetricsRegistry } from '@roost/service-kit/metrics';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';

/** Models that keep their names; their names are what operators and users write. */
const MODELS_MAX = 50;
/** Runs remembered as counted. */
const COUNTED_MAX = 10_000;

/** By how much a booking raised what was booked before. */
export interface UsageIncrease {
  model: string;
  input_tokens: number;
  output_tokens: number;
  /** Null without a price. */
  cost: number | null;
}

/** What agents spend and do, as this manager was told of it. */
@Injectable()
export class UsageMetrics {
  private readonly counted = new LRUCache<string, true>({ max: COUNTED_MAX });
  private readonly models = new BoundedLabel(MODELS_MAX);
  private readonly tokens: Counter<'model' | 'direction'>;
  private readonly cost: Counter<'model'>;
  private readonly tools: Counter<'type' | 'outcome'>;

  constructor({ registry }: MetricsRegistry) {
    const registers = [registry];
    this.tokens = new Counter({
      name: 'roost_tokens_total',
      help: 'Tokens booked, by model and direction (input, output)',
      labelNames: ['model', 'direction'],
      registers,
    });
    this.cost = new Counter({
      name: 'roost_token_cost_total',
      help: 'Cost of the tokens booked, by model, in the currency of the price list; models without a price are not in it',
      labelNames: ['model'],
      registers,
    });
    this.tools = new Counter({
      name: 'roost_tool_calls_total',
      help: 'Calls of tools that runs reported, by type of tool and outcome (completed, failed; rejected: not made, since nobody allowed it)',
      labelNames: ['type', 'outcome'],
      registers,
    });
  }

  booked(increases: UsageIncrease[]): void {
    for (const { model: name, input_tokens, output_tokens, cost } of increases) {
      const model = this.models.of(name);
      this.tokens.inc({ model, direction: 'input' }, input_tokens);
      this.tokens.inc({ model, direction: 'output' }, output_tokens);
      if (cost !== null) this.cost.inc({ model }, cost);
    }
  }

  /** A run counts once: its report is added again when Redis did not say that it has the first. */
  toolsCalled(run_id: string, calls: ToolCalls[]): void {
    if (this.counted.has(run_id)) return;
    this.counted.set(run_id, true);
    for (const { type, completed, failed, rejected = 0 } of calls) {
      this.tools.inc({ type, outcome: 'completed' }, completed);
      this.tools.inc({ type, outcome: 'failed' }, failed);
      this.tools.inc({ type, outcome: 'rejected' }, rejected);
    }
  }
}
