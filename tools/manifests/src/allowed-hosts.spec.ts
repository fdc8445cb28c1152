import { execFile } from 'node:child_process';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from './kubernetes.programs';

const program = join(root, 'tools/images/egress-proxy/allowed-hosts.mjs');
const rulesFor = async (env: Record<string, string>): Promise<string[]> =>
  (await promisify(execFile)(process.execPath, [program], { env })).stdout.split('\n').filter(Boolean);

describe('what the operator opens, as Squid reads it', () => {
  it('is nothing unless something is named', async () => {
    expect(await rulesFor({ TOOL_ALLOWED_HOSTS: '', EGRESS_ALLOWED_HOSTS: ' ' })).toEqual([]);
  });

  it.each([
    ['shop.internal', 'shop.internal', '80 443'],
    ['Shop.Internal.:8080', 'shop.internal', '8080'],
  ])('is of %s the host itself, without asking an address for its name', async (entry, host, port) => {
    expect(await rulesFor({ TOOL_ALLOWED_HOSTS: entry })).toEqual([
      `acl allowed0_port port ${port}`,
      `acl allowed0 dstdomain -n ${host}`,
      'http_access allow allowed0 allowed0_port',
    ]);
  });

  it.each([
    [
      '10.1.0.0/16:8080',
      ['10.1.0.0', '10.1.255.255'],
      ['10.0.255.255', '10.2.0.0', '0.0.0.0', '192.168.0.1'],
    ],
    ['10.1.2.3', ['10.1.2.3'], ['10.1.2.2', '10.1.2.4', '138.1.2.3']],
    ['[fd00::/8]:9000', ['fd12::1'], ['fc00::1', 'fe00::1', '2606::1', '::1']],
    ['[2606:4700::1]:9000', ['2606:4700::1'], ['2606:4700::', '2606:4700::2', 'a606:4700::1']],
  ])('is of %s what has no address elsewhere', async (entry, inside, outside) => {
    const rules = await rulesFor({ TOOL_ALLOWED_HOSTS: entry });
    const family = entry.startsWith('[') ? 'ipv6' : 'ipv4';
    const elsewhere = new BlockList();
    for (const rule of rules) {
      const [, base, bits] = /^acl allowed0_elsewhere dst ([^/]+)\/(\d+)$/.exec(rule) ?? [];
      if (base !== undefined) elsewhere.addSubnet(base, Number(bits), family);
    }

    for (const address of inside) expect(elsewhere.check(address, family), address).toBe(false);
    for (const address of outside) expect(elsewhere.check(address, family), address).toBe(true);
    expect(rules).toContain(`acl allowed0_elsewhere dst ${family === 'ipv4' ? 'ipv6' : 'ipv4'}`);
    expect(rules.at(-1)).toBe('http_access allow allowed0 allowed0_port !allowed0_elsewhere');
  });

  it.each([
    ['https://models.internal/v1', 'models.internal', '443'],
    ['http://ollama.internal:11434/v1', 'ollama.internal', '11434'],
  ])('holds the model server %s, which the operator named', async (url, host, port) => {
    expect(await rulesFor({ OPENAI_BASE_URL: url })).toEqual([
      `acl allowed0_port port ${port}`,
      `acl allowed0 dstdomain -n ${host}`,
      'http_access allow allowed0 allowed0_port',
    ]);
  });

  it.each([
    ['TOOL_ALLOWED_HOSTS', 'http://shop'],
    ['TOOL_ALLOWED_HOSTS', '10.0.0.0/99'],
    ['EGRESS_ALLOWED_HOSTS', 'shop:99999'],
    ['EGRESS_ALLOWED_HOSTS', '127.1'],
    ['EGRESS_ALLOWED_HOSTS', 'a\nhttp_access allow all'],
    ['OPENAI_BASE_URL', 'models'],
  ])('is refused by name when %s is %j', async (name, value) => {
    await expect(rulesFor({ [name]: value })).rejects.toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^egress-proxy: ${name}: `)),
    });
  });
});
