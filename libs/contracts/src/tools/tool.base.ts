/** What every type of tool has. */
export interface ToolBase {
  /** A call waits until somebody allows it. Versions of an earlier release do not say: it does not. */
  requires_approval?: boolean;
}
