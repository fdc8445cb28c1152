import { type BuiltTool, definition, NO_PARAMETERS, ToolUnavailableError } from './tool.builder';

/** One entry of a configuration and the tools made of it, made anew once they are stale or could not be had. */
export class ToolEntry {
  private making: Promise<BuiltTool[]> | null = null;
  private isStale: () => boolean = () => false;

  constructor(
    private readonly name: string,
    private readonly build: () => Promise<BuiltTool[]>,
  ) {}

  /** The same list as long as nothing has changed. */
  tools(): Promise<BuiltTool[]> {
    if (this.making === null || this.isStale()) {
      this.isStale = () => false;
      this.making = this.make();
    }
    return this.making;
  }

  private async make(): Promise<BuiltTool[]> {
    try {
      const built = await this.build();
      this.isStale = () => built.some((tool) => tool.isStale?.() === true);
      return built;
    } catch (error) {
      this.isStale = () => true;
      return [unavailable(this.name, error)];
    }
  }
}

/** Stands where the tools would: the model learns that they are away, and why. */
function unavailable(name: string, error: unknown): BuiltTool {
  const why = error instanceof ToolUnavailableError ? error.message : 'It could not be set up.';
  const content = `${name} is not available now. ${why}`;
  return {
    definition: definition(name, content, NO_PARAMETERS),
    tool: { call: () => Promise.resolve({ ok: false, content }) },
  };
}
