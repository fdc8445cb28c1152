import type { ToolBase } from './tool.base';

/** Another agent, called as a tool. */
export interface HandoffTool extends ToolBase {
  type: 'handoff';
  name: string;
  description: string;
  agent_id: string;
  /** Seconds its answer may take, waking it included. */
  timeout_s: number;
}

/** Agents that may stand below one user's message: each handoff is one further down. */
export const HANDOFF_DEPTH_MAX = 3;
/** Milliseconds the manager waits at most for an answer within one request. */
export const HANDOFF_WAIT_MS_MAX = 25_000;

/** Asked by an instance on behalf of a message it is answering. Repeating it with its key is harmless. */
export interface HandoffRequest {
  /** The message being answered; whose user it is, is the manager's to know. Null when the tool is only tried. */
  message_id: string | null;
  /** The name of the handoff tool in the version that answers. */
  tool: string;
  message: string;
  idempotency_key: string;
  /** Milliseconds to wait for the answer, at most {@link HANDOFF_WAIT_MS_MAX}. */
  wait_ms: number;
}

export type HandoffResponse =
  | { status: 'done'; content: string }
  | { status: 'failed'; detail: string }
  /** Not answered yet: ask again with the same key. It may be that a person has to allow a call first. */
  | { status: 'pending'; waits_for_approval?: true };

/** Nobody waits any more for what was handed off under this key. */
export interface HandoffCancel {
  message_id: string | null;
  idempotency_key: string;
}
