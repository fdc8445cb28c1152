import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from './errors';

describe('the catalogue of error codes', () => {
  it('is what docs/protocol.md lists', () => {
    const documented = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8').matchAll(
      /^\| `([a-z_]+)` \| (\d{3}) \|/gm,
    );
    expect(Object.fromEntries([...documented].map(([, code, status]) => [code, Number(status)]))).toEqual(
      Object.fromEntries(Object.entries(errorCatalogue).map(([code, { status }]) => [code, status])),
    );
  });
});
