import { Counter, Histogram, Registry } from 'prom-client';
import { figure, oursAtMost, type Row } from '../report';
import { BenchStack } from '../stack/bench.stack';
import { ChatClient } from '../stack/chat.client';
import { type Observed, observations } from './observations';

const MESSAGES = 50;
const ROUND = 1_000;
const WARM_UP = 5;

/**
 * What counting a message costs a manager: the counters and histograms that real messages were seen to move are moved
 * again, on instruments of the same names, labels and buckets, with nothing beside them.
 */
export async function benchMetrics(pairs: number): Promise<Row[]> {
  const observed = await observe();
  const replay = replayed(observed);
  const samples: number[] = [];
  for (let round = 0; round < WARM_UP + pairs; round += 1) {
    const begun = performance.now();
    replay();
    samples.push(performance.now() - begun);
  }
  const each = observed.reduce((sum, { times_a_message }) => sum + times_a_message, 0);
  return [
    figure(
      `Counting ${ROUND} messages, in a manager`,
      'ms',
      samples.slice(WARM_UP),
      `${each.toFixed(1)} observations a message in ${observed.length} series; ms are µs a message`,
      oursAtMost(50),
    ),
  ];
}

async function observe(): Promise<Observed[]> {
  const stack = await BenchStack.start({ name: 'metrics' });
  try {
    const agent_id = await stack.api.createAgent('Metrics');
    await stack.api.start(agent_id);
    const chat = await ChatClient.connect(stack.api.url, agent_id, stack.api.key);
    const scrape = async (): Promise<string> =>
      (await fetch(`${stack.manager.internal_url}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
    await chat.ask(0, 0);
    const before = await scrape();
    for (let index = 1; index <= MESSAGES; index += 1) await chat.ask(0, index);
    const after = await scrape();
    chat.close();
    return observations(before, after, MESSAGES);
  } finally {
    await stack.close();
  }
}

/** Moves all that {@link ROUND} messages move. */
function replayed(observed: Observed[]): () => void {
  const registry = new Registry();
  const steps = observed.map(({ name, labels, buckets, times_a_message, mean }) => {
    const known = registry.getSingleMetric(name);
    const settings = { name, help: name, labelNames: Object.keys(labels), registers: [registry] };
    const times = Math.round(times_a_message * ROUND);
    if (buckets === null) {
      const counter = (known ?? new Counter(settings)) as Counter;
      return { times, step: () => counter.inc(labels, mean) };
    }
    const histogram = (known ?? new Histogram({ ...settings, buckets })) as Histogram;
    return { times, step: () => histogram.observe(labels, mean) };
  });
  return () => {
    for (const { times, step } of steps) for (let time = 0; time < times; time += 1) step();
  };
}
