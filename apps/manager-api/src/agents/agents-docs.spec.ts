import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkCredentials, readConfiguration } from './agent-input';

const document = readFileSync(new URL('../../../../docs/agents.md', import.meta.url), 'utf8');
const examples = [...document.matchAll(/^```json agent\n([\s\S]*?)^```/gm)].map(([, json = '']) => json);

describe('the examples of docs/agents.md', () => {
  it.each(examples)('are accepted as they stand: %#', async (json) => {
    const input = await readConfiguration(JSON.parse(json));
    expect(() => checkCredentials(input, null)).not.toThrow();
  });

  it('are there', () => expect(examples.length).toBeGreaterThan(0));
});
