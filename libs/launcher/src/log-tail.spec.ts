import { describe, expect, it } from 'vitest';
import { LogTail, MAX_LOG_BYTES, MAX_LOG_LINES } from './log-tail';

const tailOf = (...chunks: string[]): LogTail => {
  const tail = new LogTail();
  for (const chunk of chunks) tail.write(Buffer.from(chunk));
  return tail;
};

describe('the tail of a log', () => {
  it('is the last lines, oldest first', () => {
    expect(tailOf('a\nb\n', 'c\nd').lines(3)).toEqual(['b', 'c', 'd']);
  });

  it('joins a character that was cut in two', () => {
    const tail = new LogTail();
    const bytes = Buffer.from('größe\n');
    tail.write(bytes.subarray(0, 3));
    tail.write(bytes.subarray(3));
    expect(tail.lines(1)).toEqual(['größe']);
  });

  it('is empty for nothing written and for no lines asked', () => {
    expect(new LogTail().lines(10)).toEqual([]);
    expect(tailOf('a\n').lines(0)).toEqual([]);
    expect(tailOf('a\n').lines(-1)).toEqual([]);
  });

  it('forgets the oldest bytes past its bound', () => {
    const line = `${'x'.repeat(1023)}\n`;
    const lines = tailOf('first\n', ...Array<string>(3000).fill(line)).lines(5000);
    expect(lines).toHaveLength(MAX_LOG_BYTES / 1024);
  });

  it('leaves out a line that lost its beginning', () => {
    expect(tailOf('first\n', 'x'.repeat(MAX_LOG_BYTES), '\nlast\n').lines(10)).toEqual(['last']);
  });

  it('is bounded in lines, whatever is asked', () => {
    expect(tailOf('\n'.repeat(20_000)).lines(1e9)).toHaveLength(MAX_LOG_LINES);
  });
});
