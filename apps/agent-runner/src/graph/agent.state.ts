import { Annotation, MessagesAnnotation } from '@langchain/langgraph';
import type { RunContext } from './run.context';

/** The conversation, bounded by the agent node; messages with a known id replace the earlier one. */
export const AgentState = MessagesAnnotation;
export type AgentState = typeof MessagesAnnotation.State;

export const AgentContext = Annotation.Root({
  message_id: Annotation<RunContext['message_id']>,
  first_message_id: Annotation<RunContext['first_message_id']>,
  configuration: Annotation<RunContext['configuration']>,
  onToken: Annotation<RunContext['onToken']>,
  onRetry: Annotation<RunContext['onRetry']>,
});
