import { httpMethods } from '@roost/contracts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './former.values';
import type { FormerSecrets } from './former.secrets';
import type { LeftOutList } from './left-out';

/** What the Python service filled in from what the channel knew of the user. */
const USER_FIELDS = ['user_id', 'first_name', 'last_name', 'phone_number', 'is_authenticated', 'email'];
const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE'];
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** An `apiRequest` as an `http_request`; null when it has no usable address. */
export function importRequest(
  settings: Fields,
  name: string,
  path: string,
  left_out: LeftOutList,
  secrets: FormerSecrets,
): Fields | null {
  const url = textOf(settings['apiUrl']);
  if (url === undefined || hostOf(url) === null) {
    left_out.add(`${path}.apiUrl`, 'must be a URL that begins with https:// or http://');
    return null;
  }
  const said = (textOf(settings['method']) ?? 'GET').toUpperCase();
  const method = httpMethods.find((known) => known === said);
  if (method === undefined) {
    left_out.add(`${path}.method`, `${said} is not a method a tool may use`);
    return null;
  }
  const templates = new Templates();
  const address = templates.of(url);
  const params = pairsOf(settings['params']).flatMap(([key, value]): [string, string][] => {
    const taken = secrets.take(name, key, value, `${path}.params`);
    if (taken === null) return [];
    // A parameter without a value was the model's to give.
    if (value === '') return [[key, templates.argument(key)]];
    return [[key, taken === value ? templates.of(value) : taken]];
  });
  const headers = pairsOf(settings['headers']).flatMap(([header, value]): [string, string][] => {
    const taken = secrets.take(name, header, value, `${path}.headers`);
    return taken === null ? [] : [[header, taken]];
  });
  const inQuery = WITHOUT_BODY.includes(method);
  return {
    type: 'http_request',
    name,
    description: textOf(settings['description']) ?? `Sends a ${method} request to ${hostOf(url)}.`,
    method,
    url: address,
    headers: Object.fromEntries(headers),
    ...(inQuery ? { query: Object.fromEntries(params) } : {}),
    ...(!inQuery && params.length > 0 ? { body: Object.fromEntries(params) } : {}),
    parameters: templates.schema,
  };
}

function hostOf(template: string): string | null {
  const url = template.replaceAll(/[{}]/g, '_');
  return /^https?:\/\//.test(url) && URL.canParse(url) ? new URL(url).host : null;
}

/** Lists of `{key, value}`, or objects. */
function pairsOf(value: unknown): [string, string][] {
  const pairs = isFields(value)
    ? Object.entries(value)
    : listOf(value).map((entry): [unknown, unknown] => [fieldsOf(entry)['key'], fieldsOf(entry)['value']]);
  return pairs.flatMap(([key, text]): [string, string][] => {
    const name = textOf(key);
    return name === undefined ? [] : [[name, asText(text)]];
  });
}

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);

/** Placeholders of the user's data keep their source; all others are the model's to fill in. */
class Templates {
  private readonly names = new Set<string>();

  get schema(): object {
    return {
      type: 'object',
      properties: Object.fromEntries([...this.names].map((name) => [name, { type: 'string' }])),
      required: [...this.names],
      additionalProperties: false,
    };
  }

  of(template: string): string {
    return template.replaceAll(PLACEHOLDER, (_placeholder, name: string) =>
      USER_FIELDS.includes(name) ? userPlaceholder(name) : this.argument(name),
    );
  }

  argument(key: string): string {
    const name = key.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
    this.names.add(name);
    return `{${name}}`;
  }
}

const userPlaceholder = (name: string): string => (name === 'user_id' ? '{user.id}' : `{user.${name}}`);
