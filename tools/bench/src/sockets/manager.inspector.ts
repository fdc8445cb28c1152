import { once } from 'node:events';
import { waitUntil } from '@roost/devstack';
import { WebSocket } from 'ws';

/** Node's inspector of another process: what it offers on `--inspect`. */
export class Inspector {
  private calls = 0;

  private constructor(private readonly socket: WebSocket) {}

  static async connect(port: number): Promise<Inspector> {
    const [target] = await waitUntil(
      'the inspector answers',
      () =>
        fetch(`http://127.0.0.1:${port}/json/list`).then(
          (response) => response.json() as Promise<{ webSocketDebuggerUrl: string }[]>,
          () => undefined,
        ),
      { deadlineMs: 10_000 },
    );
    if (!target) throw new Error('the inspector has nothing to inspect');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await once(socket, 'open');
    return new Inspector(socket);
  }

  /** Resolves when the process has collected its garbage. */
  async collect(): Promise<void> {
    const id = (this.calls += 1);
    const answered = new Promise<void>((resolve) => {
      const hear = (data: Buffer): void => {
        if ((JSON.parse(data.toString('utf8')) as { id?: number }).id !== id) return;
        this.socket.off('message', hear);
        resolve();
      };
      this.socket.on('message', hear);
    });
    this.socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await answered;
  }

  close(): void {
    this.socket.terminate();
  }
}
