import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './asyncapi';

describe('the AsyncAPI description', () => {
  it('is the committed asyncapi.json; after a change run: npm run generate', async () => {
    await expect(`${JSON.stringify(asyncApiDocument, null, 2)}\n`).toMatchFileSnapshot('../asyncapi.json');
  });

  it('is valid AsyncAPI 3.0', async () => {
    const diagnostics = await new Parser().validate(JSON.stringify(asyncApiDocument));
    expect(
      diagnostics
        .filter(({ severity }) => String(severity) === String(DiagnosticSeverity.Error))
        .map(({ message, path }) => `${path.join('.')}: ${message}`),
    ).toEqual([]);
  });
});
