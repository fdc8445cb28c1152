// Writes what the operator opens as Squid reads it: node allowed-hosts.mjs > /tmp/allowed-hosts.conf
// From TOOL_ALLOWED_HOSTS and EGRESS_ALLOWED_HOSTS, entries as libs/guarded-http reads them (a host, host:port, an
// address, a range such as 10.1.0.0/16:8080, [fd00::/8]:8080), and the origin of OPENAI_BASE_URL.
import { isIP } from 'node:net';
import { pathToFileURL } from 'node:url';

const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** @returns {string} rules for squid.conf. @throws {Error} naming the variable, its entry and the remedy. */
export function allowedHosts(env) {
  const entries = ['TOOL_ALLOWED_HOSTS', 'EGRESS_ALLOWED_HOSTS'].flatMap((variable) =>
    (env[variable] ?? '')
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean)
      .map((text) => ({ variable, text })),
  );
  const origin = env.OPENAI_BASE_URL?.trim();
  if (origin) entries.push({ variable: 'OPENAI_BASE_URL', text: authorityOf(origin) });
  return entries.map((entry, index) => rules(parsed(entry), `allowed${index}`)).join('');
}

function authorityOf(text) {
  if (!URL.canParse(text)) throw new Error('OPENAI_BASE_URL: is no URL: write https://host/v1');
  const { hostname, port, protocol } = new URL(text);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function parsed({ variable, text }) {
  const [, target = text, digits] =
    /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+)(?::(\d+))?$/.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  const [address, bits = null, ...more] = target.split('/');
  const family = isIP(address);
  const isRange =
    family !== 0 && (bits === null || (/^\d{1,3}$/.test(bits) && Number(bits) <= width(family)));
  const host = target.toLowerCase().replace(/\.$/, '');
  const isHost = family === 0 && HOST.test(host) && !/^[\d.]+$/.test(host);
  if (more.length > 0 || (!isRange && !isHost) || (port !== null && (port < 1 || port > 65_535)))
    throw new Error(
      `${variable}: ${text} is not a host, host:port, address or range such as 10.1.0.0/16:8080`,
    );
  return { host, address, family, bits: bits === null ? width(family) : Number(bits), port };
}

const width = (family) => (family === 6 ? 128 : 32);

function rules({ host, address, family, bits, port }, name) {
  const ports = `acl ${name}_port port ${port ?? '80 443'}\n`;
  // -n: an address is not asked for its name, which whoever owns it chooses.
  if (family === 0)
    return `${ports}acl ${name} dstdomain -n ${host}\nhttp_access allow ${name} ${name}_port\n`;
  // A name with one address in the range and another elsewhere is not in it, and to Squid it would be.
  const elsewhere = [family === 4 ? 'ipv6' : 'ipv4', ...siblings(address, family, bits)];
  return (
    `${ports}acl ${name} dst ${address}/${bits}\n` +
    elsewhere.map((range) => `acl ${name}_elsewhere dst ${range}\n`).join('') +
    `http_access allow ${name} ${name}_port !${name}_elsewhere\n`
  );
}

/** The ranges that together hold every other address of the family: at each bit the half that is not taken. */
function siblings(address, family, bits) {
  const size = BigInt(width(family));
  const value = numberOf(address, family);
  return Array.from({ length: bits }, (_, index) => {
    const rest = size - BigInt(index) - 1n;
    return `${addressOf(((value >> rest) ^ 1n) << rest, family)}/${index + 1}`;
  });
}

function numberOf(address, family) {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const full = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail] = full.split('::').map((half) => half.split(':').filter(Boolean));
  const groups =
    tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function addressOf(value, family) {
  const [count, bits, radix, separator] = family === 4 ? [4, 8n, 10, '.'] : [8, 16n, 16, ':'];
  return Array.from({ length: count }, (_, index) =>
    ((value >> (BigInt(count - 1 - index) * bits)) & ((1n << bits) - 1n)).toString(radix),
  ).join(separator);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    process.stdout.write(allowedHosts(process.env));
  } catch (error) {
    process.stderr.write(`egress-proxy: ${error.message}\n`);
    process.exitCode = 78;
  }
}
