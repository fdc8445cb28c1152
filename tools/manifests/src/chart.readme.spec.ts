import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idOf, objectsOf, templateOf } from './kubernetes.object';
import { FETCHING_MS, helm, root } from './kubernetes.programs';
import { violations } from './manifest.suite';
import { schemaFaults } from './schema.check';

const FILE = 'roost.values.yaml';
const INSTALLATION = 'helm upgrade --install roost ';

/** The fenced blocks of a language. */
const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  );

describe.each(['README.md', 'k8s/README.md'])(
  'the Helm lines of %s',
  { timeout: FETCHING_MS },
  (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const lines = blocksOf(text, 'sh')
      .flatMap((block) => block.split('\n'))
      .filter((line) => line.startsWith('helm '));

    it('install the values beside them, with objects that Kubernetes takes', async () => {
      const [values, ...others] = blocksOf(text, 'yaml');
      expect(others).toEqual([]);
      const folder = mkdtempSync(join(tmpdir(), 'roost-values-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, FILE), values ?? '');

      expect(lines).toEqual([expect.stringContaining(INSTALLATION)]);
      const options = lines.join('').slice(INSTALLATION.length).split(' ');
      expect(options).toContain(FILE);
      const objects = objectsOf(
        await helm(
          ...['template', 'roost'],
          ...options.map((option) => (option === FILE ? join(folder, FILE) : option)),
        ),
      );
      expect(objects.map(idOf)).toContain('Deployment roost/agent-manager');
      expect(JSON.stringify(objects)).not.toContain('192.0.2.');
      expect(JSON.stringify(objects)).toContain('"host":"roost.acme.example"');
      expect(await schemaFaults(objects)).toEqual([]);
      for (const { spec } of objects.flatMap((object) => templateOf(object) ?? []))
        expect(violations(spec)).toEqual([]);
    });

    it('make Secrets with variables that the chart takes from them', async () => {
      const literals = [...text.matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name);
      const rendered = await helm('template', 'roost', 'k8s/chart');
      for (const name of literals) expect(rendered).toContain(`key: ${name}`);
      const named = /^3\. Make the Secrets .*$/m.exec(text)?.[0].match(/`[A-Z][A-Z_]+`/g) ?? [];
      const taken = [...rendered.matchAll(/secretKeyRef: \{ name: "[\w-]+", key: (\w+)/g)].map(
        ([, key]) => key,
      );
      if (document === 'k8s/README.md')
        expect(new Set(named.map((name) => name.slice(1, -1)))).toEqual(new Set(taken));
      else expect(literals.length).toBeGreaterThanOrEqual(3);
    });
  },
);
