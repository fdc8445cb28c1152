import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from './kubernetes.programs';

interface Workflow {
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      steps: { run?: string; uses?: string; with?: Record<string, unknown> }[];
      strategy?: { matrix: { include: { target: string; image: string }[] } };
    }
  >;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow;

describe('.github/workflows/ci.yml', () => {
  it('runs the checks that everybody runs', () => {
    expect(jobs['checks']?.steps.map(({ run }) => run ?? '')).toContainEqual(
      expect.stringMatching(/(^| )\.ci\/run$/),
    );
  });

  it('has the history, out of which the tests build the version that is upgraded', () => {
    const checkout = jobs['checks']?.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkout?.with).toMatchObject({ 'fetch-depth': 0 });
  });

  it('builds every image of the Dockerfile, with what it is made of and where it comes from', () => {
    const stages = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
    const targets = jobs['images']?.strategy?.matrix.include.map(({ target }) => target) ?? [];
    expect([...targets].sort()).toEqual(
      stages.filter((stage) => !['build', 'runtime'].includes(stage ?? '')).sort(),
    );
    const build = jobs['images']?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({ sbom: true, provenance: 'mode=max' });
  });

  it('names the version of each action that it uses', () => {
    for (const { steps } of Object.values(jobs))
      for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@v\d+/);
  });
});

describe('.github/dependabot.yml', () => {
  it('looks after everything that is fetched by a version', () => {
    const { updates } = parse(read('.github/dependabot.yml')) as {
      updates: { 'package-ecosystem': string }[];
    };
    expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual([
      'docker',
      'docker-compose',
      'github-actions',
      'npm',
    ]);
  });
});
