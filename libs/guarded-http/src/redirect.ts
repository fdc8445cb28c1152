import { GuardedHttpError } from './guarded-http.error';

/** One request on its way; a redirect makes the next one of it. */
export interface Hop {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What another origin may be told: anything else a caller set may be a credential, whatever its name. */
const HARMLESS: readonly string[] = ['accept', 'accept-language', 'content-type', 'user-agent'];

export const isRedirect = (status: number, location: string | null): location is string =>
  REDIRECTS.includes(status) && location !== null;

/**
 * The request that a redirect asks for (RFC 9110, 15.4): 303, and 301 or 302 after a POST, become GET without a
 * body. Another origin gets no header that could be a credential, and no body.
 * @throws {GuardedHttpError} `redirect_refused`
 */
export function follow(hop: Hop, status: number, location: string): Hop {
  if (!URL.canParse(location, hop.url.href)) throw refused('to an address that is none');
  const url = new URL(location, hop.url);
  url.hash = '';
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  const leaves = url.origin !== hop.url.origin;
  const method = becomesGet ? 'GET' : hop.method;
  if (leaves && method !== 'GET' && method !== 'HEAD') throw refused(`a ${method} to another host`);
  const isKept = (name: string): boolean =>
    (!leaves || HARMLESS.includes(name.toLowerCase())) &&
    (!becomesGet || !name.toLowerCase().startsWith('content-'));
  return {
    url,
    method,
    headers: Object.fromEntries(Object.entries(hop.headers).filter(([name]) => isKept(name))),
    body: becomesGet ? null : hop.body,
  };
}

const refused = (what: string): GuardedHttpError =>
  new GuardedHttpError('redirect_refused', `The server redirects ${what}: configure the final URL instead.`);
