import ipaddr from 'ipaddr.js';

interface Entry {
  /** The address is null where nobody has resolved the name yet. */
  matches: (host: string, address: string | null) => boolean;
  /** Null means the usual ports. */
  port: number | null;
}

const USUAL_PORTS: readonly number[] = [80, 443];
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Hosts that may be reached although their addresses are private or their ports odd. An entry is `host`,
 * `host:port`, an address, or a range such as `10.1.0.0/16` or `10.1.0.0/16:8080`; IPv6 with a port stands in
 * brackets: `[fd00::/8]:8080`. Without a port it opens 80 and 443.
 */
export class AllowList {
  private constructor(private readonly entries: Entry[]) {}

  /** @throws {Error} naming the entry that is none. */
  static of(entries: readonly string[]): AllowList {
    return new AllowList(entries.map(parseEntry));
  }

  /** Whether `host`, which has this address, may be reached at this port by an entry of the list. */
  covers(host: string, port: number, address: string): boolean {
    return this.has(host, port, address);
  }

  /** Whether `host` may be covered at this port, by its name or by addresses that are not known here. */
  mayCover(host: string, port: number): boolean {
    return this.has(host, port, null);
  }

  private has(host: string, port: number, address: string | null): boolean {
    return this.entries.some(
      (entry) =>
        entry.matches(host, address) && (entry.port === null ? isUsualPort(port) : entry.port === port),
    );
  }
}

export const isUsualPort = (port: number): boolean => USUAL_PORTS.includes(port);

/** As it is compared: lower case, no brackets, no final dot. */
export const plainHost = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

function parseEntry(entry: string): Entry {
  const text = entry.trim();
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text);
  const [, target = text, digits] = bracketed ?? plain ?? [];
  const port = digits === undefined ? null : Number(digits);
  const matches = matcherOf(target);
  if (!matches || (port !== null && (port < 1 || port > 65_535))) {
    throw new Error(`${text} is not a host, host:port, address or range such as 10.1.0.0/16:8080`);
  }
  return { matches, port };
}

function matcherOf(target: string): Entry['matches'] | null {
  if (target.includes('/')) {
    if (!ipaddr.isValidCIDR(target)) return null;
    const [base, bits] = ipaddr.parseCIDR(target);
    return (_host, address) => {
      if (address === null) return true;
      const parsed = ipaddr.parse(address);
      return parsed.kind() === base.kind() && parsed.match(base, bits);
    };
  }
  // A dotted quad alone: the library would also read 127.1 or 0x7f000001, which is what a host is compared with.
  if (ipaddr.IPv4.isValidFourPartDecimal(target) || ipaddr.IPv6.isValid(target)) {
    const normal = ipaddr.parse(target).toNormalizedString();
    return (_host, address) => address === null || ipaddr.parse(address).toNormalizedString() === normal;
  }
  const host = plainHost(target);
  return HOST.test(host) && !/^[\d.]+$/.test(host) ? (asked) => asked === host : null;
}
