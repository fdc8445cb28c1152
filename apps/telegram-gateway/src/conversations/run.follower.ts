import type { OutboundFrame } from '@roost/contracts';
import type { CreateMessageDto } from '@roost/contracts/rest';
import { backoff, isOver, pause } from '../ingest/pause';
import type { ManagerClient } from '../manager/manager.client';
import { ManagerRefusal } from '../manager/manager.error';

/** How a message ended. */
export type RunEnd =
  | { kind: 'reply'; frame: Extract<OutboundFrame, { type: 'message' }>; message_id: string }
  | { kind: 'failed'; code: string }
  | { kind: 'refused'; refusal: ManagerRefusal };

export interface RunListener {
  accepted(thread_id: string, message_id: string): Promise<void>;
  frame(frame: OutboundFrame): Promise<void>;
  /** Asked before each repeat: whether anybody still waits for the answer. */
  isWanted(): Promise<boolean>;
  /** Nothing is lost: it is tried again. */
  failing(error: unknown, failures: number): void;
}

/**
 * Sends a message and follows its run until it has ended, however often manager or network fail in between: the same
 * id makes each repeat harmless. Resolves with null when the signal came first, or nobody waits for it any more.
 */
export async function followRun(
  manager: ManagerClient,
  agent_id: string,
  message: CreateMessageDto,
  listener: RunListener,
  signal: AbortSignal,
): Promise<RunEnd | null> {
  let message_id = '';
  for (let failures = 0; !signal.aborted; failures += 1) {
    let wait = 0;
    if (failures > 0 && !(await listener.isWanted())) return null;
    try {
      for await (const event of manager.run(agent_id, message, signal)) {
        failures = 0;
        if (event.type === 'accepted') {
          message_id = event.accepted.message_id;
          await listener.accepted(event.accepted.thread_id, message_id);
          continue;
        }
        const { frame } = event;
        if (frame.type === 'message') return { kind: 'reply', frame, message_id };
        if (frame.type === 'error') return { kind: 'failed', code: frame.code };
        await listener.frame(frame);
      }
    } catch (error) {
      if (error instanceof ManagerRefusal) {
        if (!error.passes) return { kind: 'refused', refusal: error };
        wait = (error.retry_after_s ?? 0) * 1_000;
      }
      if (!isOver(signal)) listener.failing(error, failures + 1);
    }
    await pause(Math.max(wait, backoff(failures)), signal);
  }
  return null;
}
