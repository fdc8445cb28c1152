import { describe, expect, it } from 'vitest';
import { AllowList } from './allow-list';

describe('an allow-list', () => {
  it.each([
    ['shop.internal', 'shop.internal', 443, '10.0.0.1', true],
    ['shop.internal', 'shop.internal', 8080, '10.0.0.1', false],
    ['shop.internal', 'other.internal', 443, '10.0.0.1', false],
    ['shop.internal', 'a.shop.internal', 443, '10.0.0.1', false],
    ['Shop.Internal:8080', 'shop.internal', 8080, '10.0.0.1', true],
    ['shop.internal:8080', 'shop.internal', 443, '10.0.0.1', false],
    ['10.1.0.0/16', 'anything', 80, '10.1.2.3', true],
    ['10.1.0.0/16', 'anything', 80, '10.2.0.1', false],
    ['10.1.0.0/16:8080', 'anything', 8080, '10.1.2.3', true],
    ['127.0.0.1:9000', '127.0.0.1', 9000, '127.0.0.1', true],
    ['[fd00::/8]:9000', 'anything', 9000, 'fd12::1', true],
    ['::1', '::1', 80, '0:0:0:0:0:0:0:1', true],
    ['10.1.0.0/16', 'anything', 80, '::ffff:10.1.2.3', false],
  ])('of %s asked for %s:%i at %s: %s', (entry, host, port, address, covered) => {
    expect(AllowList.of([entry]).covers(host, port, address)).toBe(covered);
  });

  it.each(['http://shop', '10.0.0.0/99', 'shop:99999', 'shop:http', '*', '127.1', 'a b', ''])(
    'refuses the entry %j',
    (entry) => {
      expect(() => AllowList.of([entry])).toThrow('is not a host');
    },
  );
});
