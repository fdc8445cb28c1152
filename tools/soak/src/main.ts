import { usageOf } from '@roost/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { growthOf, type GrowthLimit, type Sample } from './slope';
import { startSoakStack } from './soak.stack';
import { startTraffic } from './traffic';

const SAMPLE_MS = 5_000;
const PROGRESS_EVERY = 6;
/** Part of the time in which caches fill and code is compiled. */
const WARM_UP = 0.4;

/** Growth an hour that fails the run, and what the quantity wavers by anyhow. */
const limits = {
  'manager: heap after collection, MiB': { per_hour: 6, noise: 4 },
  'manager: resident memory, MiB': { per_hour: 30, noise: 25 },
  'manager: handles': { per_hour: 3, noise: 6 },
  'manager: sockets': { per_hour: 3, noise: 6 },
  'runner: resident memory, MiB': { per_hour: 30, noise: 25 },
  'runner: handles': { per_hour: 3, noise: 4 },
} satisfies Record<string, GrowthLimit>;
type Quantity = keyof typeof limits;
const quantities = Object.keys(limits) as Quantity[];

function minutesOf(args: string[]): number {
  const { values } = parseArgs({ args, options: { minutes: { type: 'string', default: '30' } } });
  const minutes = Number(values.minutes);
  if (minutes >= 1) return minutes;
  throw new Error('usage: npm run soak -- [--minutes N], N from 1 up, 30 when absent');
}

async function main(): Promise<number> {
  const minutes = minutesOf(process.argv.slice(2));
  const stack = await startSoakStack();
  const ending = new AbortController();
  const interrupt = () => ending.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { installation, heap } = stack;
    const traffic = await startTraffic(installation, ending.signal);
    let failure: unknown = null;
    traffic.done.catch((error: unknown) => {
      failure = error;
      ending.abort();
    });
    const series = new Map<Quantity, Sample[]>(quantities.map((quantity) => [quantity, []]));
    const began = performance.now();
    const minute = () => (performance.now() - began) / 60_000;

    for (let taken = 0; minute() < minutes; taken += 1) {
      await pause(SAMPLE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) break;
      const manager = usageOf(installation.manager.child.pid);
      const runner = usageOf((await installation.runners.of(traffic.steady_agent)).pid);
      if (!manager || !runner) throw new Error('a process has ended that was to live');
      const now: Record<Quantity, number> = {
        'manager: heap after collection, MiB': await heap.used(),
        'manager: resident memory, MiB': manager.memory_mb,
        'manager: handles': manager.handles,
        'manager: sockets': manager.sockets,
        'runner: resident memory, MiB': runner.memory_mb,
        'runner: handles': runner.handles,
      };
      for (const quantity of quantities)
        series.get(quantity)?.push({ minute: minute(), value: now[quantity] });
      if (taken % PROGRESS_EVERY === 0) {
        const figures = quantities.map((quantity) => `${quantity} ${now[quantity].toFixed(0)}`).join('; ');
        console.log(
          `${minute().toFixed(1)} of ${minutes} min; ${JSON.stringify(traffic.counts)}; ${figures}`,
        );
      }
    }
    ending.abort();
    await traffic.done;
    if (failure) return 1;
    console.log(`\n${JSON.stringify(traffic.counts)}\n`);
    return report(series, minutes * WARM_UP);
  } catch (error) {
    console.error(stack.installation.logs(20));
    throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await stack.close();
  }
}

/** Prints the table; 1 when anything has grown past its slope. */
function report(series: Map<Quantity, Sample[]>, warm_up: number): number {
  console.log('| | first | last | an hour | limit an hour | |\n| --- | --- | --- | --- | --- | --- |');
  let code = 0;
  for (const [quantity, samples] of series) {
    const growth = growthOf(
      samples.filter(({ minute }) => minute >= warm_up),
      limits[quantity],
    );
    if (growth.tooMuch) code = 1;
    const figures = [growth.first, growth.last, growth.per_hour].map((value) => value.toFixed(1)).join(' | ');
    const verdict = growth.tooMuch ? 'GROWS' : 'holds';
    console.log(`| ${quantity} | ${figures} | ${limits[quantity].per_hour} | ${verdict} |`);
  }
  return code;
}

process.exitCode = await main();
