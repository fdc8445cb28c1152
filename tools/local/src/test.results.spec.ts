import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closingLine, countTests, failedTests } from './test.results';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'results-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function report(name: string, passed: number, failed: number, pending: number, broken = 0): void {
  const file = { name: `${name}.spec.ts`, status: 'failed', message: 'no such module', assertionResults: [] };
  const assertionResults = Array.from({ length: failed }, (_, n) => ({
    status: 'failed',
    fullName: `promise ${n}`,
    failureMessages: ['expected 1 to be 2\n    at line 3'],
  }));
  writeFileSync(
    join(directory, `${name}.json`),
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: pending,
      numTodoTests: 0,
      testResults: [
        { name: `${name}.spec.ts`, status: 'passed', message: '', assertionResults },
        ...Array.from({ length: broken }, () => file),
      ],
    }),
  );
}

it('sums the reports of all projects', () => {
  report('contracts', 10, 0, 1);
  report('e2e', 5, 2, 3);
  expect(closingLine(countTests(directory))).toBe('15 passed, 2 failed, 4 skipped');
});

it('counts a file that could not even be loaded as failed', () => {
  report('runner', 1, 0, 0, 1);
  expect(countTests(directory).failed).toBe(1);
});

it('names what failed, and why, in a line each', () => {
  report('contracts', 10, 0, 1);
  report('e2e', 5, 1, 0, 1);
  expect(failedTests(directory)).toEqual([
    'e2e.spec.ts: promise 0: expected 1 to be 2',
    'e2e.spec.ts: no such module',
  ]);
});

it('counts nothing where no test ran', () => {
  expect(closingLine(countTests(join(directory, 'none')))).toBe('0 passed, 0 failed, 0 skipped');
});
