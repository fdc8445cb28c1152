import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
  testResults: { status: string; assertionResults: unknown[] }[];
}

/** Sums the JSON reports of a directory, one a project. A file that failed before its first test counts as one. */
export function countTests(directory: string): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (!existsSync(directory)) return counts;
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.json'))) {
    const report = JSON.parse(readFileSync(join(directory, name), 'utf8')) as VitestReport;
    const brokenFiles = report.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    );
    counts.passed += report.numPassedTests;
    counts.failed += report.numFailedTests + brokenFiles.length;
    counts.skipped += report.numPendingTests + report.numTodoTests;
  }
  return counts;
}

export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
