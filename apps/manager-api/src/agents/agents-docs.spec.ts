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

describe('the worked examples of docs/agents.md', () => {
  const worked = document.split(/^(?=### Example \d)/m).slice(1);
  const commands = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text).join('');
  const { paths } = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as {
    paths: Record<string, object>;
  };
  const known = Object.keys(paths).map((path) => path.replace(/\{[^}]+\}/g, '*'));

  it('are four, each with a body, the commands that make and ask it, and what is seen', () => {
    expect(worked).toHaveLength(4);
    for (const example of worked) {
      expect(example).toMatch(/^```json agent$/m);
      expect(example).toMatch(/^AGENT=\$\(ask \/agents -d @\w+\.json/m);
      expect(example).toMatch(/^(?:THREAD=\$\()?ask \/agents\/\$AGENT\/messages/m);
    }
  });

  it('ask for endpoints that there are', () => {
    const asked = [...commands.matchAll(/\bask "?(\/[^\s"?]+)/g)].map(([, path = '']) =>
      path.replace(/\$[A-Z]+|customer-42|find_orders/g, '*'),
    );
    expect(asked.length).toBeGreaterThan(12);
    expect(asked.filter((path) => !known.includes(path))).toEqual([]);
  });

  it('name parameters that there are', () => {
    const described = new Set([...JSON.stringify(paths).matchAll(/"name":"(\w+)"/g)].map(([, name]) => name));
    const named = [...commands.matchAll(/\bask "[^"?]+\?(\w+)=/g)].map(([, name]) => name);
    expect(named.filter((name) => !described.has(name))).toEqual([]);
  });

  it('send JSON', () => {
    const bodies = [...commands.matchAll(/-d '([^']*)'/g)].map(([, body = '']) => body);
    for (const body of bodies) expect(() => JSON.parse(body) as unknown).not.toThrow();
  });
});
