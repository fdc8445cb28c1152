import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AllowList, plainHost } from './allow-list';
import { GuardedHttpError } from './guarded-http.error';
import { portOf, refusal } from './refusal';

/** Finds every address of a host, as `dns.lookup` with `all` does. */
export type ResolveAll = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Opens connections to permitted addresses only. The address that was checked is the one connected to: the check
 * stands between the resolver and the socket, so a name that changes its mind afterwards changes nothing.
 */
export function guardedConnector(
  allowed: AllowList,
  resolve: ResolveAll = systemLookup,
): buildConnector.connector {
  return (options, done) => {
    const host = plainHost(options.hostname);
    const port = portOf(options);
    const refused = isIP(host) ? refusal(allowed, host, port, host) : null;
    if (refused) return done(refused, null);
    const lookup: LookupFunction = (name, lookupOptions, found) => {
      resolve(name, { ...lookupOptions, all: true }, (error, addresses) => {
        if (error || addresses.length === 0) return found(notFound(host, error), '');
        // All of them: which one is tried is not ours to choose.
        for (const { address } of addresses) {
          const refusedAddress = refusal(allowed, host, port, address);
          if (refusedAddress) return found(refusedAddress, '');
        }
        const [first] = addresses;
        if (lookupOptions.all || !first) return found(null, addresses);
        found(null, first.address, first.family);
      });
    };
    buildConnector({ lookup })(options, done);
  };
}

const notFound = (host: string, cause: Error | null): GuardedHttpError =>
  new GuardedHttpError('host_not_found', `${host} has no address: check the name.`, { cause });
