import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Sums the JSON reports of a directory, one a project. A file that failed before its first test counts as one. */
export function countTests(directory: string): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reportsIn(directory)) {
    counts.passed += report.numPassedTests;
    counts.failed += report.numFailedTests + report.testResults.filter(isBroken).length;
    counts.skipped += report.numPendingTests + report.numTodoTests;
  }
  return counts;
}

/** A line for each failed test, and for each file that could not be loaded: where it is, its name, what went wrong. */
export function failedTests(directory: string): string[] {
  return reportsIn(directory).flatMap(({ testResults }) =>
    testResults.flatMap((file) => {
      const tests = file.assertionResults.filter(({ status }) => status === 'failed');
      const lines = tests.map((test) => `${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`);
      if (isBroken(file)) lines.push(firstLine(file.message));
      return lines.map((line) => `${relative(process.cwd(), file.name)}: ${line}`);
    }),
  );
}

export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function reportsIn(directory: string): VitestReport[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as VitestReport);
}

function isBroken({ status, assertionResults }: VitestReport['testResults'][number]): boolean {
  return status === 'failed' && assertionResults.length === 0;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? '';
}
