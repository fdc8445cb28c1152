import { closeSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MAX_LOG_BYTES } from '../log-tail';
import { InstanceLog } from './instance-log';

async function openLog(): Promise<{ log: InstanceLog; write: (text: string) => void }> {
  const folder = await mkdtemp(join(tmpdir(), 'instance-log-'));
  const log = new InstanceLog(folder);
  const descriptor = log.openForProcess();
  onTestFinished(async () => {
    closeSync(descriptor);
    await rm(folder, { recursive: true });
  });
  return { log, write: (text) => void writeSync(descriptor, text) };
}

it('a log that outgrew its bound is emptied while the process goes on writing', async () => {
  const { log, write } = await openLog();
  write('old\n'.repeat(100));
  await log.trim(1000);
  expect(await log.tail(1)).toEqual(['old']);
  await log.trim(399);
  write('new\n');
  expect(await log.tail(10)).toEqual(['new']);
});

it('only the end of a large log is read', async () => {
  const { log, write } = await openLog();
  write('first\n');
  write('x'.repeat(MAX_LOG_BYTES));
  write('\nlast\n');
  expect(await log.tail(10)).toEqual(['last']);
});
