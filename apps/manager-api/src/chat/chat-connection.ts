import type { CloseReason, OutboundFrame } from '@roost/contracts';

/** One socket, whatever its protocol. */
export interface ChatConnection {
  send(frame: OutboundFrame): void;
  /** Bytes handed over and not yet taken by the network. */
  unreadBytes(): number;
  close(reason: CloseReason): void;
}

export interface ConnectionRequest {
  kind: 'socket_io' | 'websocket';
  agent_id: string;
  address: string;
  /** Null when the client brought none. */
  credential: string | null;
  thread_id: string | undefined;
  last_event_id: string | undefined;
  /** `stream=tokens`: the client understands every type of frame. */
  detailed: boolean;
}
