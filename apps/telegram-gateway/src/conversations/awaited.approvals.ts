/** The decisions that threads wait for, as far as this session has seen them asked for. */
export class AwaitedApprovals {
  private readonly byThread = new Map<string, Set<string>>();

  add(thread_id: string, approval_id: string): void {
    this.byThread.set(thread_id, (this.byThread.get(thread_id) ?? new Set()).add(approval_id));
  }

  decided(thread_id: string, approval_id: string): void {
    const approvals = this.byThread.get(thread_id);
    approvals?.delete(approval_id);
    if (approvals?.size === 0) this.byThread.delete(thread_id);
  }

  /** It is a person's turn. */
  isAwaitedIn(thread_id: string | null): boolean {
    return thread_id !== null && this.byThread.has(thread_id);
  }
}
