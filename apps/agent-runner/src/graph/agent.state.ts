import { Annotation, MessagesAnnotation } from '@langchain/langgraph';
import type { KnowledgeSearch } from './knowledge.search';
import type { RunContext } from './run.context';
import type { ThreadSummary } from './thread.summary';

export const AgentState = Annotation.Root({
  /** The conversation, bounded by the agent node; messages with a known id replace the earlier one. */
  ...MessagesAnnotation.spec,
  /** What a run has found so far; never written for agents without knowledge, and forgotten with the reply. */
  search: Annotation<KnowledgeSearch | null>,
  /** Of what was said before what the model is shown; never written for agents that keep none. */
  summary: Annotation<ThreadSummary | null>,
});
export type AgentState = typeof AgentState.State;

/** One call on its way to a tool: a task of its own, so that its answer is stored by itself. */
export const ToolTask = Annotation.Root({
  call_id: Annotation<string>,
  name: Annotation<string>,
  /** Undefined when the model sent no JSON. */
  args: Annotation<unknown>,
  answer_id: Annotation<string>,
  idempotency_key: Annotation<string>,
  /** Somebody has to allow the call; undefined in calls that were stored before this was. */
  requires_approval: Annotation<boolean | undefined>,
});
export type ToolTask = typeof ToolTask.State;

export const AgentContext = Annotation.Root({
  message_id: Annotation<RunContext['message_id']>,
  first_message_id: Annotation<RunContext['first_message_id']>,
  configuration: Annotation<RunContext['configuration']>,
  toolbox: Annotation<RunContext['toolbox']>,
  meter: Annotation<RunContext['meter']>,
  budget: Annotation<RunContext['budget']>,
  facts: Annotation<RunContext['facts']>,
  onToken: Annotation<RunContext['onToken']>,
  onRetry: Annotation<RunContext['onRetry']>,
  asker: Annotation<RunContext['asker']>,
  onStep: Annotation<RunContext['onStep']>,
  onAuthorizationRequest: Annotation<RunContext['onAuthorizationRequest']>,
  onTool: Annotation<RunContext['onTool']>,
});
