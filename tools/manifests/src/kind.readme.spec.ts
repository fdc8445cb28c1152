import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type KubernetesObject, objectsOf } from './kubernetes.object';
import { FETCHING_MS, kustomized, root } from './kubernetes.programs';
import { schemaFaults } from './schema.check';

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Our images in what is named there, without their tags. */
const imagesIn = (objects: unknown): string[] => [
  ...new Set(
    [...JSON.stringify(objects).matchAll(/"(?:image|RUNNER_IMAGE)":"(roost\/[a-z-]+)(?::[^"]+)?"/g)].map(
      ([, image = '']) => image,
    ),
  ),
];

describe("README's lines for kind", { timeout: FETCHING_MS }, () => {
  const [, lines = ''] = /```sh\n(kind create cluster [^]*?)```/.exec(textOf('README.md')) ?? [];
  const said = (pattern: RegExp): string => pattern.exec(lines)?.[1] ?? '';
  let objects: KubernetesObject[];
  beforeAll(async () => {
    objects = objectsOf(await kustomized(said(/^kubectl apply -k (\S+)$/m)));
  }, FETCHING_MS);

  it('apply objects that Kubernetes takes', async () => {
    expect(await schemaFaults(objects)).toEqual([]);
  });

  it('load every image of ours that the objects name, and no other', () => {
    const loaded = said(/^for image in (.+); do$/m).split(' ');
    expect(said(/^ *kind load docker-image (\S+)/m)).toBe('roost/$image:latest');
    expect(loaded.map((image) => `roost/${image}`).sort()).toEqual(imagesIn(objects).sort());
  });

  it('build those images with compose', () => {
    const profile = said(/^docker compose --profile (\S+) build$/m);
    const { services } = parse(textOf('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { build?: unknown; image?: string; profiles?: string[] }>;
    };
    const built = Object.values(services).filter(
      ({ build, profiles }) => build !== undefined && (profiles?.includes(profile) ?? true),
    );
    expect(imagesIn(built)).toEqual(expect.arrayContaining(imagesIn(objects)));
  });

  it('wait for and forward to what is there', () => {
    const named = (kind: string, namespace: string, name: string) =>
      objects.find(
        ({ kind: of, metadata }) => of === kind && metadata.name === name && metadata.namespace === namespace,
      );
    const namespace = said(/^kubectl -n (\S+) wait/m);
    expect(named('Deployment', namespace, said(/ deployment\/(\S+)$/m))).toBeDefined();
    const service = named('Service', namespace, said(/ service\/(\S+) \d+:\d+$/m));
    expect(JSON.stringify(service?.spec)).toContain(`"port":${said(/ service\/\S+ \d+:(\d+)$/m)}`);
  });
});
