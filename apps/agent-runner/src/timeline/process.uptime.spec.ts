import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processUptime } from './process.uptime';

describe('the age of a process', () => {
  it('is at least what Node.js itself has run', () => {
    const loaded = performance.now();
    expect(processUptime()).toBeGreaterThanOrEqual(loaded);
  });

  it('counts from when the process was made, not from when Node.js was loaded', () => {
    const module = join(import.meta.dirname, 'process.uptime.ts');
    // The shell becomes Node.js: one process, half a second older than what it runs.
    const script = `import(${JSON.stringify(module)}).then(({ processUptime }) => process.stdout.write(String(processUptime() - performance.now())))`;
    const output = execFileSync(
      '/bin/sh',
      ['-c', 'sleep 0.5; exec "$0" --import tsx -e "$1"', process.execPath, script],
      { encoding: 'utf8' },
    );
    expect(Number(output)).toBeGreaterThan(480);
  });
});
