import { expect, it } from 'vitest';
import { multiplexed } from './multiplexed-output';

const frame = (output: 1 | 2, payload: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(output, 0);
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};

async function* inChunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let from = 0; from < bytes.length; from += size)
    yield await Promise.resolve(bytes.subarray(from, from + size));
}

it('both outputs are read in their order, wherever the connection cut them', async () => {
  const bytes = Buffer.concat([
    frame(1, 'one\n'),
    frame(2, ''),
    frame(2, 'zwei größer\n'),
    frame(1, 'three\n'),
  ]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const parts: Buffer[] = [];
    for await (const part of multiplexed(inChunksOf(bytes, size))) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('one\nzwei größer\nthree\n');
  }
});
