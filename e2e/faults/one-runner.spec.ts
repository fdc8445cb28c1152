import { aPublicAgent, sized } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { useFaults } from './use.faults';

describe('one runner an agent', () => {
  const { roost } = useFaults();
  const starts = sized({ short: 200, full: 200 });

  it(`${starts} simultaneous starts through two managers: one process, ${starts} answers`, async () => {
    const managers = [roost().manager, await roost().startManager()];
    const { id } = await roost().api.createAgent(aPublicAgent());

    const answers = await Promise.all(
      Array.from({ length: starts }, (_, index) => (managers[index % 2] ?? roost().manager).api.start(id)),
    );

    expect(answers).toHaveLength(starts);
    for (const answer of answers) expect(answer).toMatchObject({ state: 'running', generation: 1 });
    expect(roost().runners.pidsOf(id)).toHaveLength(1);
  });
});
