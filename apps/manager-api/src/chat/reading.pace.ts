import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 5;
/** Milliseconds a reader is waited for; after that it is judged by what it has not read. */
const WAIT_MAX_MS = 10_000;

/** Resolves when a reader has less than a quarter of its buffer unread, or does not read at all. */
export async function hasRoom(unread: () => number, buffer_bytes: number): Promise<void> {
  const deadline = performance.now() + WAIT_MAX_MS;
  while (unread() > buffer_bytes / 4 && performance.now() < deadline) await pause(LOOK_MS);
}
