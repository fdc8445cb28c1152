import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { beforeAll, describe, expect, it } from 'vitest';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { CHART, chartFile } from './chart';
import { environmentSchema, type Schema, secretVariables } from './chart.schema';
import { type KubernetesObject, objectsOf } from './kubernetes.object';
import { FETCHING_MS, helm, root } from './kubernetes.programs';

const FILE = join(root, CHART, 'values.schema.json');
const readSchema = (): Schema => JSON.parse(readFileSync(FILE, 'utf8')) as Schema;

/** Maps whose names are Kubernetes' or the operator's, and are explained as one. */
const EXPLAINED_AS_ONE = new Set([
  'annotations',
  'podLabels',
  'resources',
  'quota',
  'nodeSelector',
  'affinity',
]);
/** Maps that users fill, of which no name stands in values.yaml. */
const OPEN = new Set([
  'annotations',
  'podLabels',
  'env',
  'quota',
  'requests',
  'limits',
  'nodeSelector',
  'affinity',
]);

const resolved = (schema: Schema, of: Schema): Schema => {
  if (!of.$ref) return of;
  const found = schema.definitions?.[of.$ref.replace('#/definitions/', '')];
  if (!found) throw new Error(`${of.$ref} is not defined`);
  return resolved(schema, found);
};

/** All paths that the schema names, but those within maps that users fill. */
function pathsOf(schema: Schema, of: Schema, path: string[] = []): string[] {
  const { properties = {} } = resolved(schema, of);
  return Object.entries(properties).flatMap(([name, property]) => {
    const here = [...path, name];
    const within = OPEN.has(name) ? [] : pathsOf(schema, property, here);
    return [here.join('.'), ...within];
  });
}

const valuePaths = (map: YAMLMap, path: string[] = []): string[] =>
  map.items.flatMap(({ key, value }) => {
    const here = [...path, isScalar(key) ? String(key.value) : ''];
    const within = isMap(value) && !OPEN.has(here.at(-1) ?? '') ? valuePaths(value, here) : [];
    return [here.join('.'), ...within];
  });

/** Values without a word of explanation above them. A comment above a map's first entry is the first entry's. */
function unexplained(map: YAMLMap, path: string[] = []): string[] {
  return map.items.flatMap(({ key, value }, index) => {
    const here = [...path, isScalar(key) ? String(key.value) : ''];
    if (isMap(value) && !value.flow && !EXPLAINED_AS_ONE.has(here.at(-1) ?? ''))
      return unexplained(value, here);
    const comment = (index === 0 ? map.commentBefore : undefined) ?? (isScalar(key) ? key.commentBefore : '');
    return comment ? [] : [here.join('.')];
  });
}

/** Every part of the schema, by where it stands. */
function* partsOf(of: Schema, path = '#'): Generator<[string, Schema]> {
  yield [path, of];
  for (const [kind, parts] of Object.entries({ properties: of.properties, definitions: of.definitions }))
    for (const [name, part] of Object.entries(parts ?? {})) yield* partsOf(part, `${path}/${kind}/${name}`);
  if (of.items) yield* partsOf(of.items, `${path}/items`);
  if (typeof of.additionalProperties === 'object') yield* partsOf(of.additionalProperties, `${path}/*`);
}

describe('k8s/chart/values.schema.json', () => {
  let objects: KubernetesObject[];
  beforeAll(async () => {
    objects = objectsOf(await helm('template', 'roost', CHART, '--skip-schema-validation'));
  }, FETCHING_MS);

  const values = parseDocument(chartFile('values.yaml')).contents as YAMLMap;

  it.each([
    ['manager', 'manager-api', 'agent-manager'],
    ['gateway', 'telegram-gateway', 'telegram-gateway'],
  ])(
    'takes for %s.env the documented variables of %s; after a change run: npm run generate',
    async (...names) => {
      const [value, app, deployment] = names;
      const given = (values.getIn([value, 'env']) as YAMLMap).toJSON() as object;
      const config = objects.find(
        ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === deployment,
      );
      const decided = Object.keys(config?.data ?? {}).filter((name) => !(name in given));
      const secret = secretVariables(objects, deployment);
      expect(secret).toContain('DATABASE_URL');
      const readme = readFileSync(join(root, 'README.md'), 'utf8');
      const variables = environmentSchema(readme, app, [...decided, ...secret]);
      if (process.env['UPDATE_DOCS'] === '1') await writeVariables(`${value}Environment`, variables);
      expect(Object.keys(variables).length).toBeGreaterThan(5);
      expect(readSchema().definitions?.[`${value}Environment`]).toMatchObject({
        additionalProperties: false,
        properties: variables,
      });
      expect(Object.keys(readSchema().definitions?.[`${value}Environment`]?.properties ?? {})).toEqual(
        Object.keys(variables),
      );
    },
  );

  it('describes each value, and refuses names that it does not know', () => {
    const parts = [...partsOf(readSchema())];
    expect(parts.length).toBeGreaterThan(100);
    const texts = parts.filter(([path]) => path !== '#');
    expect(texts.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([]);
    const open = parts
      .filter(([, { type, additionalProperties }]) => type === 'object' && additionalProperties !== false)
      .map(([path]) => path);
    const definitions = ['annotations', 'podLabels', 'nodeSelector', 'affinity'];
    expect(open).toEqual(['#/properties/global', ...definitions.map((name) => `#/definitions/${name}`)]);
  });

  it('names what values.yaml names, where each has a comment', () => {
    const schema = readSchema();
    expect(
      pathsOf(schema, schema)
        .filter((path) => path !== 'global')
        .sort(),
    ).toEqual(valuePaths(values).sort());
    expect(unexplained(values)).toEqual([]);
  });
});

async function writeVariables(definition: string, variables: Record<string, Schema>): Promise<void> {
  const schema = readSchema();
  const environment = schema.definitions?.[definition];
  if (!environment) throw new Error(`values.schema.json has no definition ${definition}`);
  environment.properties = variables;
  const style = await resolveConfig(FILE);
  writeFileSync(FILE, await format(JSON.stringify(schema, null, 2), { ...style, filepath: FILE }));
}
