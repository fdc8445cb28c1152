/** A piece of a call, as models stream them. */
export interface ToolCallPart {
  index?: number | undefined;
  id?: string | undefined;
  name?: string | undefined;
  args?: string | undefined;
}

/** One call as the model made it; the arguments as it wrote them. */
export interface ModelToolCall {
  id: string;
  name: string;
  args_text: string;
}

/** What a piece costs however little it says. */
const PIECE = 64;

/** Puts the pieces of calls together. */
export class ToolCallParts {
  private readonly calls = new Map<number, ModelToolCall>();
  private last = -1;
  private units = 0;

  /** UTF-16 units of all calls, about: each piece counts for a few by itself. */
  get length(): number {
    return this.units;
  }

  add(parts: ToolCallPart[]): void {
    for (const { index, id, name, args } of parts) {
      // Some servers number no pieces: one with a name then begins a call.
      this.last = index ?? (name || this.last < 0 ? this.last + 1 : this.last);
      this.units += PIECE + (id?.length ?? 0) + (name?.length ?? 0) + (args?.length ?? 0);
      const call = this.calls.get(this.last) ?? { id: '', name: '', args_text: '' };
      this.calls.set(this.last, {
        id: call.id || (id ?? ''),
        name: call.name || (name ?? ''),
        args_text: call.args_text + (args ?? ''),
      });
    }
  }

  /** In the order they were begun. */
  complete(): ModelToolCall[] {
    return [...this.calls.values()].filter(({ name }) => name !== '');
  }
}
