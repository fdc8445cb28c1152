import { ServiceError } from '@roost/contracts';
import type { IncomingMessage } from 'node:http';
import { bearerToken } from '../../access/credential.guard';

/** The subprotocol of plain WebSocket, and how browsers, which cannot set headers, carry a credential beside it. */
export const SUBPROTOCOL = 'roost.v1';
const CREDENTIAL_PREFIX = 'roost.key.';

/** Names under which people put credentials into a URL. */
const credentialNames = ['key', 'api_key', 'apikey', 'token', 'access_token', 'auth', 'authorization'];

/** A URL ends up in logs and histories. @throws {ServiceError} `credential_in_query` */
export function refuseCredentialInQuery(query: URLSearchParams): void {
  const found = credentialNames.find((name) => query.has(name));
  if (found === undefined) return;
  throw new ServiceError(
    'credential_in_query',
    `Leave ${found} out of the URL; send Authorization: Bearer <key>, or on WebSocket the subprotocols ${SUBPROTOCOL}, ${CREDENTIAL_PREFIX}<key>.`,
  );
}

/** The credential of an upgrade request, or null. */
export function handshakeCredential(request: IncomingMessage): string | null {
  const offered = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim());
  const carried = offered.find((protocol) => protocol.startsWith(CREDENTIAL_PREFIX));
  return bearerToken(request.headers.authorization) ?? carried?.slice(CREDENTIAL_PREFIX.length) ?? null;
}

/** @throws {ServiceError} `not_found` when the request target is no path. */
export function requestUrl(request: IncomingMessage): URL {
  const target = `http://roost.invalid${request.url ?? '/'}`;
  if (!request.url?.startsWith('/') || !URL.canParse(target))
    throw new ServiceError('not_found', 'See /docs for the addresses there are.');
  return new URL(target);
}
