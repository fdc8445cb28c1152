import { refusedClass } from './address.class';
import { type AllowList, isUsualPort } from './allow-list';
import { GuardedHttpError } from './guarded-http.error';

/** Why a host that has this address may not be reached at this port; null when it may. */
export function refusal(
  allowed: AllowList,
  host: string,
  port: number,
  address: string,
): GuardedHttpError | null {
  if (allowed.covers(host, port, address)) return null;
  if (!isUsualPort(port)) return portRefused(host, port);
  const kind = refusedClass(address);
  return kind === null
    ? null
    : new GuardedHttpError(
        'address_refused',
        `${host} has a ${kind} address, which agents may not reach: use a public one, or let the operator allow ${host}.`,
      );
}

export const portRefused = (host: string, port: number): GuardedHttpError =>
  new GuardedHttpError(
    'port_refused',
    `Port ${port} of ${host} is not open to agents: use 80 or 443, or let the operator allow ${host}:${port}.`,
  );

/** The port that a URL, or what undici connects to, means without naming it. */
export const portOf = ({ protocol, port }: { protocol: string; port: string }): number =>
  Number(port) || (protocol === 'https:' ? 443 : 80);
