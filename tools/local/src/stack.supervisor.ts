import { step } from '../setup/progress.mjs';
import { ServiceError, type RunningService, type Service, type StackContext } from './service';

/** Starts services in order and stops them in the reverse order. */
export class StackSupervisor {
  private readonly running: { label: string; service: RunningService }[] = [];
  private stopping = false;
  private reportDeath: (reason: Error) => void = () => undefined;

  /** Rejects when a service ends by itself; its message shows the last lines of its log. */
  readonly death = new Promise<never>((_, reject) => (this.reportDeath = reject));

  constructor() {
    // Whoever waits for it sees it; nobody has to.
    this.death.catch(() => undefined);
  }

  async start(services: Service[], stack: StackContext): Promise<void> {
    for (const { label, start } of services) {
      if (this.stopping) throw new Error('the start was interrupted');
      const service = await step(label, () => start(stack));
      if (!service) continue;
      this.running.push({ label, service });
      const { child } = service;
      void child?.exited.then(() => {
        if (!this.stopping) this.reportDeath(new ServiceError(`${label} ended by itself`, child));
      });
    }
  }

  /** `between` runs when the apps are gone and what they depend on still serves. */
  async stop(appLabels: Set<string>, between: () => Promise<unknown>): Promise<void> {
    this.stopping = true;
    const inReverse = this.running.splice(0).reverse();
    for (const { service } of inReverse.filter(({ label }) => appLabels.has(label))) await service.stop();
    await between();
    for (const { service } of inReverse.filter(({ label }) => !appLabels.has(label))) await service.stop();
  }
}
