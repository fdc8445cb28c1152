import { Ajv, type ErrorObject } from 'ajv';
import { readFile } from 'node:fs/promises';
import { type Declaration, type Fields, invalid, isFields, mapFields } from './declarations';
import { revealed } from './references';

const DESCRIPTION = new URL('../../../../apps/manager-api/openapi.json', import.meta.url);

export type DeclarationReader = (place: string, fields: Fields) => Declaration;

/** Reads documents as the description of the API has agents; `id` beside it names one that exists. */
export async function declarationReader(): Promise<DeclarationReader> {
  const { components } = JSON.parse(await readFile(DESCRIPTION, 'utf8')) as { components: Fields };
  // Values are the service's to judge, with its own messages; names are not to be dropped silently.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, useDefaults: true });
  ajv.addSchema({ $id: 'roost', components: closed(components) });
  const validate = ajv.compile({ $ref: 'roost#/components/schemas/AgentConfigurationDto' });
  return (place, { id: declared_id = null, ...configuration }) => {
    const id = revealed(declared_id);
    if (id !== null && typeof id !== 'string') throw invalid(`${place}: id: must be a text`);
    const completed = revealed(configuration) as Fields;
    if (!validate(completed)) {
      const problems = (validate.errors ?? []).flatMap(problemsOf).map((problem) => `${place}: ${problem}`);
      throw invalid([...new Set(problems)].join('\n'));
    }
    const [name, title] = [String(completed['name']), String(configuration['name'])];
    return { place, id, name, title, configuration, completed };
  };
}

/**
 * Objects with properties take no others, and what may be null is that unless it is given; of schemas that a field
 * chooses between, the chosen one alone counts.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isFields(schema)) return schema;
  const { discriminator } = schema;
  if (isFields(discriminator) && isFields(discriminator['mapping']))
    return choice(String(discriminator['propertyName']), discriminator['mapping']);
  const unset = schema['nullable'] === true ? { default: null } : {};
  // Null removes what was stored.
  const removable = schema['writeOnly'] === true && schema['type'] === 'string' ? { nullable: true } : {};
  const inner: Fields = {
    ...unset,
    ...removable,
    ...mapFields(schema, (value, key) => (key === 'default' ? value : closed(value))),
  };
  const open =
    inner['type'] !== 'object' || !isFields(inner['properties']) || 'additionalProperties' in inner;
  return open ? inner : { ...inner, additionalProperties: false };
}

const choice = (field: string, mapping: Fields): Fields => ({
  type: 'object',
  required: [field],
  properties: { [field]: { enum: Object.keys(mapping) } },
  allOf: Object.entries(mapping).map(([value, $ref]) => ({
    if: { properties: { [field]: { const: value } }, required: [field] },
    then: { $ref },
  })),
});

function problemsOf({ instancePath, keyword, params, message }: ErrorObject): string[] {
  const at = instancePath
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
    .replace(/^\./, '');
  const field = (name: unknown): string => (at === '' ? String(name) : `${at}.${String(name)}`);
  const { additionalProperty, allowedValues, missingProperty } = params as Fields;
  if (keyword === 'additionalProperties') return [`${field(additionalProperty)}: there is no such field`];
  if (keyword === 'if') return [];
  if (keyword === 'enum') return [`${at}: must be one of ${String(allowedValues).replaceAll(',', ', ')}`];
  if (keyword === 'required') return [`${field(missingProperty)}: is missing`];
  return [`${at}: ${message ?? keyword}`];
}
