import { describe, expect, it } from 'vitest';
import { instanceName } from './instance-name';

const DNS_1123_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

describe('the name of an instance', () => {
  it('is readable and stays the same for ever', () => {
    expect(instanceName('default', 'agent_sales_ab12_7_Xk3')).toBe(
      'roost-agent-sales-ab12-7-xk3-5920a519d081',
    );
  });

  it.each(['', '_', '---', 'ÄÖÜ', 'a'.repeat(200), `${'a'.repeat(43)}_b`, '../../etc', 'A B\nC'])(
    'is a DNS-1123 label for %j',
    (id) => expect(instanceName('default', id)).toMatch(DNS_1123_LABEL),
  );

  it('differs where ids differ only in what a label cannot hold', () => {
    const names = ['a_b', 'a-b', 'A_b', 'a__b', 'a_b_'].map((id) => instanceName('default', id));
    expect(new Set(names).size).toBe(names.length);
  });

  it('differs between installations', () => {
    expect(instanceName('blue', 'i1')).not.toBe(instanceName('green', 'i1'));
  });
});
