import ipaddr from 'ipaddr.js';

/** Groups of 16 bits that make the /64 which one customer of a provider has at least (RFC 6177). */
const NETWORK_GROUPS = 4;

/**
 * What an address is counted as: an IPv4 address itself, an IPv6 address as its /64, from which one client may come
 * with any address. Text that is no address stands for itself.
 */
export function addressSubject(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  // Takes ::ffff:192.0.2.1 for 192.0.2.1.
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.map((group, index) => (index < NETWORK_GROUPS ? group : 0));
  return `${new ipaddr.IPv6(network).toString()}/64`;
}
