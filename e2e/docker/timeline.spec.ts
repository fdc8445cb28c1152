import { timelineSpans } from '@roost/contracts';
import { aPublicAgent } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { differencesFromOutside, TOLERANCE_MS } from '../timeline.clocks';
import { client, useContainers } from './use.containers';

const image = `roost/agent-runner:e2e-timeline-${process.pid}`;

describe.skipIf(!client)('the timeline of a reply from a container', () => {
  const { roost, containerOf } = useContainers(image);

  it("agrees with the engine's StartedAt and the other clocks outside of the service", async () => {
    const { id } = await roost().api.createAgent(aPublicAgent());

    const { best, timelines } = await differencesFromOutside(roost(), id, async (agent_id) =>
      Date.parse((await containerOf(agent_id)).State.StartedAt),
    );

    for (const [span, off] of Object.entries(best))
      expect(Math.abs(off), span).toBeLessThanOrEqual(TOLERANCE_MS);
    for (const timeline of timelines) {
      expect(timeline).toMatchObject({ wake: 'cold', clock_skewed: false });
      expect(timelineSpans.reduce((sum, span) => sum + (timeline[`${span}_ms`] ?? 0), 0)).toBe(
        timeline.total_ms,
      );
    }
  }, 300_000);
});
