import { Ajv, type ErrorObject } from 'ajv';
import { readFile } from 'node:fs/promises';
import { revealed } from './references';
import { type Declaration, type Fields, invalid, isFields } from './declarations';

const DESCRIPTION = new URL('../../../../apps/manager-api/openapi.json', import.meta.url);

export type DeclarationReader = (place: string, fields: Fields) => Declaration;

/** Reads documents as the description of the API has agents; `id` beside it names one that exists. */
export async function declarationReader(): Promise<DeclarationReader> {
  const { components } = JSON.parse(await readFile(DESCRIPTION, 'utf8')) as { components: Fields };
  // Values are the service's to judge, with its own messages; names are not to be dropped silently.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'roost', components: closed(components) });
  const validate = ajv.compile({ $ref: 'roost#/components/schemas/AgentConfigurationDto' });
  return (place, { id = null, ...configuration }) => {
    if (id !== null && typeof id !== 'string') throw invalid(`${place}: id: must be a text`);
    if (!validate(revealed(configuration))) {
      const problems = (validate.errors ?? []).flatMap(problemsOf).map((problem) => `${place}: ${problem}`);
      throw invalid([...new Set(problems)].join('\n'));
    }
    return { place, id, name: String(revealed(configuration['name'])), configuration };
  };
}

/** Objects with properties take no others; of schemas that a field chooses between, the chosen one alone counts. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isFields(schema)) return schema;
  const { discriminator } = schema;
  if (isFields(discriminator) && isFields(discriminator['mapping']))
    return choice(String(discriminator['propertyName']), discriminator['mapping']);
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const open =
    inner['type'] !== 'object' || !isFields(inner['properties']) || 'additionalProperties' in inner;
  return open ? inner : { ...inner, additionalProperties: false };
}

const choice = (field: string, mapping: Fields): Fields => ({
  type: 'object',
  required: [field],
  properties: { [field]: { enum: Object.keys(mapping) } },
  allOf: Object.entries(mapping).map(([value, $ref]) => ({
    if: { properties: { [field]: { const: value } } },
    then: { $ref },
  })),
});

function problemsOf({ instancePath, keyword, params, message }: ErrorObject): string[] {
  const at = instancePath
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
    .replace(/^\./, '');
  const field = (name: unknown): string => (at === '' ? String(name) : `${at}.${String(name)}`);
  const { additionalProperty, missingProperty } = params as Fields;
  if (keyword === 'additionalProperties') return [`${field(additionalProperty)}: there is no such field`];
  if (keyword === 'if') return [];
  if (keyword === 'required') return [`${field(missingProperty)}: is missing`];
  return [`${at}: ${message ?? keyword}`];
}
