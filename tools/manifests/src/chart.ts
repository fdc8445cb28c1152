import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesObject, objectsOf } from './kubernetes.object';
import { helm, root } from './kubernetes.programs';

/** The chart's folder, from the workspace's root. */
export const CHART = 'k8s/chart';
export const chartFile = (name: string): string => readFileSync(join(root, CHART, name), 'utf8');

/** The chart's objects, installed as the README says but for these values, by their names in values.yaml. */
export const renderedChart = async (values: object = {}, namespace = 'roost'): Promise<KubernetesObject[]> =>
  objectsOf(
    await helm('template', 'roost', CHART, '--namespace', namespace, '--set-json', JSON.stringify(values)),
  );
