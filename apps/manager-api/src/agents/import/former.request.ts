import { httpMethods } from '@roost/contracts';
import { headersProblem } from '../tools/field.checks';
import type { FormerFields } from './former.fields';
import type { FormerSecrets } from './former.secrets';
import type { Fields } from './former.values';
import { Templates } from './templates';

const URL_MAX = 2_000;
const METHOD_MAX = 16;
const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE'];

/** An `apiRequest` as an `http_request`; null when it has no usable address. */
export function importRequest(
  settings: FormerFields,
  name: string,
  description: string | undefined,
  secrets: FormerSecrets,
): Fields | null {
  const keep = (field: string) => (key: string, value: string) =>
    secrets.take(name, key, value, `${settings.path}.${field}`);
  const said = (settings.text('method', METHOD_MAX) ?? 'GET').toUpperCase();
  const method = httpMethods.find((known) => known === said);
  if (method === undefined) settings.leaveOut('method', `${said} is not a method a tool may use`);
  const address = addressOf(settings, keep('apiUrl'));
  const templates = new Templates();
  const url = templates.of(address?.url ?? '');
  const params = parametersOf(settings, Object.keys(address?.query ?? {}), templates, keep('params'));
  const headers = headersOf(settings, keep('headers'));
  if (method === undefined || address === null) return null;
  const inQuery = WITHOUT_BODY.includes(method);
  const query = { ...address.query, ...(inQuery ? params : {}) };
  return {
    type: 'http_request',
    name,
    description: description ?? `Sends a ${method} request to ${address.host}.`,
    method,
    url,
    headers,
    ...(inQuery || Object.keys(query).length > 0 ? { query } : {}),
    ...(!inQuery && Object.keys(params).length > 0 ? { body: params } : {}),
    parameters: templates.schema,
  };
}

/** What stands in the place of a value: itself, or its secret; null when it cannot be taken over. */
type Keep = (key: string, value: string) => string | null;

function parametersOf(
  settings: FormerFields,
  taken: string[],
  templates: Templates,
  keep: Keep,
): Record<string, string> {
  const params = settings.pairs('params').flatMap(([key, value]): [string, string][] => {
    if (taken.includes(key)) {
      settings.leaveOut('params', `${key} is in apiUrl already`);
      return [];
    }
    const kept = keep(key, value);
    if (kept === null) return [];
    // A parameter without a value was the model's to give.
    if (value === '') return [[key, templates.argument(key)]];
    return [[key, kept === value ? templates.of(value) : kept]];
  });
  return Object.fromEntries(params);
}

/** Only what is known of the user fills a header: a model that could would choose the credentials. */
function headersOf(settings: FormerFields, keep: Keep): Record<string, string> {
  const headers = settings.pairs('headers').flatMap(([header, value]): [string, string][] => {
    const templates = new Templates();
    const problem = headersProblem({ [header]: value });
    const filled = templates.of(value);
    const [argument] = templates.names;
    if (problem !== null) settings.leaveOut('headers', problem);
    else if (argument !== undefined)
      settings.leaveOut(
        'headers',
        `${header}: {${argument}} is not known of a user, and the model fills no headers: set it anew`,
      );
    if (problem !== null || argument !== undefined) return [];
    const kept = keep(header, value);
    return kept === null ? [] : [[header, kept === value ? filled : kept]];
  });
  return Object.fromEntries(headers);
}

interface Address {
  url: string;
  host: string;
  /** Parameters of the URL that were credentials. */
  query: Record<string, string>;
}

function addressOf(settings: FormerFields, keep: Keep): Address | null {
  const whole = settings.text('apiUrl', URL_MAX) ?? '';
  const host = hostOf(whole);
  if (host === null) {
    settings.leaveOut('apiUrl', 'must be a URL that begins with https:// or http://');
    return null;
  }
  const [url = '', fragment] = split(whole, '#');
  if (fragment !== undefined) settings.leaveOut('apiUrl', 'its fragment (#…) was left out: it is never sent');
  const [path = '', search] = split(url, '?');
  const query: Record<string, string> = {};
  const open = (search ?? '').split('&').filter((pair) => {
    const [key = '', value = ''] = split(pair, '=');
    const [name, plain] = [decoded(key), decoded(value)];
    const kept = keep(name, plain);
    if (kept === plain) return true;
    if (kept !== null) query[name] = kept;
    return false;
  });
  return { url: open.join('&') === '' ? path : `${path}?${open.join('&')}`, host, query };
}

/** Before and after the first `separator`. */
function split(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

function hostOf(template: string): string | null {
  const url = template.replaceAll(/[{}]/g, '_');
  return /^https?:\/\//.test(url) && URL.canParse(url) ? new URL(url).host : null;
}
