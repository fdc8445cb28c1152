/** The work of one key. At most one piece of it is under way, but for what passes it. */
class Queue {
  last: Promise<void> = Promise.resolve();
  private isStalled = false;
  private passing: (() => void)[] = [];

  setStalled(isStalled: boolean): void {
    this.isStalled = isStalled;
    if (isStalled) for (const pass of this.passing.splice(0)) pass();
  }

  untilStalled(): Promise<void> {
    return this.isStalled ? Promise.resolve() : new Promise((resolve) => this.passing.push(resolve));
  }
}

/** Work that is done one after the other for the same key, and side by side for others. */
export class InOrder {
  private readonly queues = new Map<string, Queue>();

  /** What fails holds up none of what comes after it. Work calls `stall` when it does not get on for now. */
  run(key: string, work: (stall: () => void) => Promise<void>): Promise<void> {
    const queue = this.queueOf(key);
    let isUnderWay = true;
    const done = queue.last
      .then(() => work(() => isUnderWay && queue.setStalled(true)))
      .finally(() => {
        isUnderWay = false;
        queue.setStalled(false);
      });
    return this.append(key, queue, done);
  }

  /** As {@link run}, but waits for nothing that has stalled. What comes later waits for both. */
  pass(key: string, work: () => Promise<void>): Promise<void> {
    const queue = this.queueOf(key);
    return this.append(key, queue, Promise.race([queue.last, queue.untilStalled()]).then(work));
  }

  /** What comes later does not wait for what is under way. */
  forget(key: string): void {
    this.queues.delete(key);
  }

  private queueOf(key: string): Queue {
    const queue = this.queues.get(key) ?? new Queue();
    this.queues.set(key, queue);
    return queue;
  }

  private append(key: string, queue: Queue, done: Promise<void>): Promise<void> {
    const settled = Promise.allSettled([queue.last, done]).then(() => undefined);
    queue.last = settled;
    void settled.then(() => {
      if (queue.last === settled && this.queues.get(key) === queue) this.queues.delete(key);
    });
    return done;
  }
}
