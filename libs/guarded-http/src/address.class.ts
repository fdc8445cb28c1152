import ipaddr from 'ipaddr.js';

/** What the library counts as public and is not: prefixes that embed or reach private addresses, and a metadata service. */
const alsoRefused: [string, string][] = [
  ['::/96', 'IPv4-compatible'],
  ['168.63.129.16/32', 'cloud metadata'],
];
const refusedRanges = alsoRefused.map(([range, name]) => ({ range: ipaddr.parseCIDR(range), name }));

/** The library's names where they differ from those people use. */
const names: Partial<Record<string, string>> = {
  carrierGradeNat: 'CGNAT',
  linkLocal: 'link-local',
  uniqueLocal: 'unique local',
  deprecatedSiteLocal: 'site-local',
  ipv4Mapped: 'IPv4-mapped',
  rfc6052: 'NAT64',
  rfc6145: 'IPv4-translated',
};

/** How a public address differs from this one; null when it is public. An address that cannot be read is not. */
export function refusedClass(address: string): string | null {
  if (!ipaddr.isValid(address)) return 'unreadable';
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return names[range] ?? range;
  const special = refusedRanges.find(
    ({ range: [base, bits] }) => base.kind() === parsed.kind() && parsed.match(base, bits),
  );
  return special?.name ?? null;
}
