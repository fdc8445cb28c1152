import { beforeAll, describe, expect, it } from 'vitest';
import { renderedChart } from './chart';
import { acceptedDifferences } from './chart.parity';
import { idOf, type KubernetesObject, objectsOf } from './kubernetes.object';
import { FETCHING_MS, kustomized } from './kubernetes.programs';

type ById = Record<string, KubernetesObject>;

describe('k8s/chart beside k8s/overlays/production', () => {
  let overlay: KubernetesObject[];
  let chart: KubernetesObject[];
  beforeAll(async () => {
    overlay = objectsOf(await kustomized('k8s/overlays/production'));
    chart = await renderedChart();
  }, FETCHING_MS);

  const byId = (objects: KubernetesObject[]): ById =>
    Object.fromEntries(objects.map((object) => [idOf(object), object]));
  /** Both sides, but for these differences. */
  const compared = (but = acceptedDifferences): { overlay: ById; chart: ById } => ({
    overlay: byId(but.reduce((objects, { of_overlay }) => of_overlay?.(objects) ?? objects, overlay)),
    chart: byId(but.reduce((objects, { of_chart }) => of_chart?.(objects) ?? objects, chart)),
  });

  it('makes the same objects, but for the accepted differences', () => {
    const sides = compared();
    expect(Object.keys(sides.overlay).length).toBeGreaterThan(30);
    expect(sides.chart).toEqual(sides.overlay);
  });

  it.each(acceptedDifferences)('differs in this: $what', (difference) => {
    const sides = compared(acceptedDifferences.filter((other) => other !== difference));
    expect(sides.chart).not.toEqual(sides.overlay);
  });
});
