import { Injectable } from '@nestjs/common';

export interface InstanceEnded {
  agent_id: string;
  /** Somebody asked for a start while it was stopping. */
  restart_wanted: boolean;
  /** A member of the warm pool was to be this instance, and never answered: the agent starts without the pool. */
  starts_cold: boolean;
}

/** Lets the end of an instance lead to the next start without the parts knowing each other. */
@Injectable()
export class LifecycleEvents {
  private listener: (event: InstanceEnded) => void = () => undefined;

  /** There is one listener: what decides about the next start. */
  onEnded(listener: (event: InstanceEnded) => void): void {
    this.listener = listener;
  }

  ended(event: InstanceEnded): void {
    this.listener(event);
  }
}
