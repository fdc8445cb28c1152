type Close = () => Promise<void>;

const open = new Set<Close>();
let interrupted = false;

/** Has `close` called when the benchmark is interrupted; call the result once it has been closed otherwise. */
export function closeOnInterrupt(close: Close): () => void {
  open.add(close);
  return () => void open.delete(close);
}

/** True from the signal on: what fails then fails because of it. */
export const isInterrupted = (): boolean => interrupted;

/** The newest first: what stands on something goes before it. */
async function interrupt(): Promise<void> {
  if (interrupted) return;
  interrupted = true;
  for (const close of [...open].reverse()) {
    await close().catch((error: unknown) => console.error(String(error)));
  }
  process.exit(130);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void interrupt());
