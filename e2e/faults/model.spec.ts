import type { ModelFailure } from '@roost/devstack';
import { crowd, seededRandom, sized } from '@roost/testing';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAgents } from './population';
import { useFaults } from './use.faults';

const failures: ModelFailure[] = [
  { kind: 'rate_limited', retryAfterSeconds: 0 },
  { kind: 'server_error' },
  { kind: 'server_error', status: 503 },
  { kind: 'cut', afterTokens: 2 },
  { kind: 'hang' },
  { kind: 'malformed' },
];

describe('a model that fails under load', () => {
  // A runner that waits two seconds for a silent model.
  const { roost, oracle } = useFaults({
    env: { RUNNER_ENTRY: join(import.meta.dirname, '../model/impatient-runner.mjs') },
  });
  const { agents, threads, messages } = sized({
    short: { agents: 4, threads: 3, messages: 4 },
    full: { agents: 10, threads: 5, messages: 10 },
  });

  it(`${agents * threads * messages} messages while it limits, errs, stalls and breaks off: each ends in a reply or a named failure`, async () => {
    const random = seededRandom('model faults');
    for (const failure of failures) roost().model.fail(failure, { times: Math.ceil((agents * threads) / 3) });
    const ids = await createAgents(roost(), agents);
    await Promise.all(ids.map((id) => roost().api.start(id)));
    const before = await Promise.all(ids.map((id) => roost().runners.of(id)));

    const { accepted } = await crowd(roost(), {
      agents: ids,
      threads,
      messages,
      random,
      pauseMs: 1_000,
      onAccepted: (message_id) => oracle().expect(message_id),
    });
    await oracle().verdict();

    expect(new Set(accepted).size).toBe(agents * threads * messages);
    const codes = await oracle().ledger.query<{ error_code: string; count: number }>(
      `SELECT error_code, count(*)::int AS count FROM messages WHERE status = 'failed' GROUP BY error_code`,
    );
    console.log(codes.map(({ error_code, count }) => `${error_code} ${count}`).join(', '));
    expect(codes.length).toBeGreaterThan(0);
    for (const { error_code } of codes) expect(error_code).toMatch(/^model_/);
    // A provider's failure never ends a runner.
    expect(await Promise.all(ids.map((id) => roost().runners.of(id)))).toEqual(before);
  });
});
