import { DocumentError } from './document.error';
import { isObject } from './references';

/**
 * The first server of a document, its variables at their defaults. `base` is where the document came from, for a
 * server that is written as a path; null for one written into the configuration.
 * @throws {DocumentError}
 */
export function serverOf(document: unknown, base: string | null): string {
  const servers = isObject(document) ? document['servers'] : undefined;
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (!isObject(server) || typeof server['url'] !== 'string')
    throw new DocumentError('the document names no server: give server_url');
  const variables = isObject(server['variables']) ? server['variables'] : {};
  const url = server['url'].replace(/\{([^}]*)\}/g, (_variable, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : '';
  });
  if (!URL.canParse(url, base ?? undefined))
    throw new DocumentError(`the document's server ${url} is no complete address: give server_url`);
  const { protocol, username, password, origin, pathname } = new URL(url, base ?? undefined);
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '' || password !== '')
    throw new DocumentError(`the document's server ${origin} is not reached: give server_url`);
  return origin + pathname;
}
