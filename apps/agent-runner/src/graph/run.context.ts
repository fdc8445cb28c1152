import type { AgentRuntimeConfiguration } from '@roost/contracts';

/** What one run hands to its nodes; none of it is kept in a checkpoint. */
export interface RunContext {
  /** The message being answered, the last one of those that were joined. */
  message_id: string;
  /** The first of them. */
  first_message_id: string;
  configuration: AgentRuntimeConfiguration;
  /** Text of the answer, in order. A promise asks for a pause: what was handed over has not been written yet. */
  onToken: (text: string) => Promise<void> | undefined;
  /** The model did not answer and is asked again. */
  onRetry: (detail: string) => void;
}

/** The reply to a message has an id of its own that every attempt knows. */
export const replyId = (message_id: string): string => `${message_id}:reply`;
