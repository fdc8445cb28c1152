import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault';

/** One client's connection through a proxy, and the one to the server that belongs to it. */
export class ProxiedConnection {
  private readonly whenThawed: (() => void)[] = [];
  private frozen = false;
  private silenced = false;
  private awaitsAnswer = false;
  private open = 2;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly faultOf: (request: Buffer) => Fault | null,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      // Whatever ends one side ends the other: what the error was, its peer is told by the reset.
      socket.on('error', () => undefined);
    }
    void this.carry(client, upstream, (bytes) => this.meet(bytes));
    void this.carry(upstream, client, () => Promise.resolve(this.mayAnswer()));
  }

  /** Runs `listener` when both sides are closed. */
  whenOver(listener: () => void): void {
    for (const socket of [this.client, this.upstream])
      socket.once('close', () => {
        this.open -= 1;
        if (this.open === 0) listener();
      });
  }

  freeze(): void {
    this.frozen = true;
    // Unread bytes wait in the kernel, and in the end the sender waits, too.
    this.client.pause();
    this.upstream.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const goOn of this.whenThawed.splice(0)) goOn();
  }

  cut(): void {
    this.thaw();
    this.client.resetAndDestroy();
    // Only TCP knows resets, and the server may listen on a socket of its file system.
    this.upstream.destroy();
  }

  /** Bytes in order; `passes` says whether these go on to the other side. */
  private async carry(from: Socket, to: Socket, passes: (bytes: Buffer) => Promise<boolean>): Promise<void> {
    try {
      for await (const bytes of from) {
        await this.thawed();
        if (!(await passes(bytes as Buffer))) continue;
        await this.thawed();
        if (!to.write(bytes as Buffer)) await drained(to);
      }
      await this.thawed();
      to.end();
    } catch {
      await this.thawed();
      this.cut();
    }
  }

  private async meet(bytes: Buffer): Promise<boolean> {
    if (this.silenced) return false;
    const fault = this.faultOf(bytes);
    switch (fault?.kind) {
      case undefined:
        return true;
      case 'delay':
        await pause(fault.ms);
        return true;
      case 'lose_answer':
        this.awaitsAnswer = true;
        return true;
      case 'swallow_answer':
        this.silenced = true;
        return true;
      case 'hang':
        this.silenced = true;
        return false;
      case 'cut':
        this.cut();
        return false;
    }
  }

  private mayAnswer(): boolean {
    if (this.awaitsAnswer) this.cut();
    return !this.awaitsAnswer && !this.silenced;
  }

  private thawed(): Promise<void> {
    return this.frozen ? new Promise((resolve) => this.whenThawed.push(resolve)) : Promise.resolve();
  }
}

/** Also when the socket closes before it has taken everything. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
