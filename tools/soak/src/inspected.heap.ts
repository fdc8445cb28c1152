import { WebSocket } from 'ws';

/** The heap of a Node.js process that listens for a debugger on this port. */
export class InspectedHeap {
  private id = 0;
  private readonly waiting = new Map<number, (result: Record<string, any>) => void>();

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const { id, result } = JSON.parse((data as Buffer).toString('utf8')) as { id: number; result: object };
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    });
  }

  static async open(port: number): Promise<InspectedHeap> {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new InspectedHeap(socket);
  }

  /** MiB in use after a collection. */
  async used(): Promise<number> {
    await this.call('HeapProfiler.collectGarbage');
    const { usedSize } = await this.call('Runtime.getHeapUsage');
    return Number(usedSize) / 2 ** 20;
  }

  close(): void {
    this.socket.close();
  }

  private call(method: string): Promise<Record<string, any>> {
    const id = (this.id += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer in 30 s`)), 30_000);
      this.waiting.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      this.socket.send(JSON.stringify({ id, method }));
    });
  }
}
