import pTimeout from 'p-timeout';
import { isForModel, reasonOf, standIn } from './stand-in.tool';
import type { BuiltTool } from './tool.builder';
import { faultOf, type OnToolFault, prepared, type PreparedTool } from './toolbox';

/** Milliseconds that a tool may take to be made: a run waits for it. */
const BUILD_MS = 20_000;
/** Milliseconds before tools that could not be made anew are asked for again. */
const AGAIN_MS = 15_000;

/** One entry of a configuration and the tools made of it, made anew once they are stale or could not be had. */
export class ToolEntry {
  private making: Promise<PreparedTool[]> | null = null;
  private last: PreparedTool[] | null = null;
  private isStale: () => boolean = () => false;

  constructor(
    private readonly name: string,
    private readonly requires_approval: boolean | undefined,
    private readonly build: () => Promise<BuiltTool[]>,
    private readonly onFault: OnToolFault = () => undefined,
  ) {}

  /** The same list as long as nothing has changed. */
  tools(): Promise<PreparedTool[]> {
    if (this.making === null || this.isStale()) {
      this.isStale = () => false;
      this.making = this.make();
    }
    return this.making;
  }

  private async make(): Promise<PreparedTool[]> {
    const begun = performance.now();
    try {
      // Also a builder that throws at once is a tool that could not be made.
      const built = await pTimeout(
        Promise.resolve().then(() => this.build()),
        {
          milliseconds: BUILD_MS,
          message: `what describes it did not come within ${BUILD_MS / 1_000} seconds.`,
        },
      );
      this.isStale = () => built.some((tool) => tool.isStale?.() === true);
      this.last = built.map((tool) => prepared(tool, this.requires_approval));
      return this.last;
    } catch (error) {
      return this.without(error, begun);
    }
  }

  /**
   * What was there goes on: a call that somebody has allowed finds its tool, and the server may be back by then. Where
   * nothing was, the next run asks again, unless it would have to wait as long as this one did.
   */
  private without(error: unknown, begun: number): PreparedTool[] {
    if (!isForModel(error)) this.onFault(this.name, faultOf(error));
    const failed_at = performance.now();
    const pause = this.last ? AGAIN_MS : Math.min(AGAIN_MS, failed_at - begun);
    this.isStale = () => performance.now() - failed_at >= pause;
    return this.last ?? [prepared(standIn(this.name, reasonOf(error)))];
  }
}
