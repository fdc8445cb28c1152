/** Bytes of a frame's header: its output in the first, the length of its payload in the last four, big-endian. */
const HEADER_BYTES = 8;

/**
 * Both outputs of a container in the order in which the engine received them (Engine API, "Stream format" of attach).
 * dockerode's own reader takes what comes whether or not it is wanted; this one reads when it is asked.
 */
export async function* multiplexed(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, void> {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of stream) {
    let bytes: Buffer = chunk as Buffer;
    while (bytes.length > 0) {
      const wanted = left > 0 ? left : HEADER_BYTES - header.length;
      const taken = bytes.subarray(0, wanted);
      bytes = bytes.subarray(taken.length);
      if (left > 0) {
        left -= taken.length;
        yield taken;
        continue;
      }
      header = Buffer.concat([header, taken]);
      if (header.length < HEADER_BYTES) continue;
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}
