import type { BaseMessage } from '@langchain/core/messages';
import { Command, INTERRUPT, type Interrupt } from '@langchain/langgraph';
import type { ApprovalDecision, ApprovalRequest } from '@roost/contracts';
import type { GraphReply } from './agent.graph';
import { RunSteps } from './run.steps';

/** What a paused run goes on with, by the ids that LangGraph gives to interrupts. */
export type Resumption = Command<Record<string, ApprovalDecision>, Record<string, never>, never>;

/** Hands each call that waits its decision; null when nothing that was decided waits any more. */
export function resumption(
  asked: Interrupt<ApprovalRequest>[],
  decisions: ApprovalDecision[],
): Resumption | null {
  const resume: Record<string, ApprovalDecision> = {};
  for (const { id, value } of asked) {
    const decision = decisions.find(({ approval_id }) => approval_id === value?.approval_id);
    if (id !== undefined && decision) resume[id] = decision;
  }
  return Object.keys(resume).length > 0 ? new Command({ resume }) : null;
}

/** What a run has come to that waits for approval. */
export function pausedReply(
  state: { [INTERRUPT]: Interrupt<ApprovalRequest>[] },
  message_id: string,
): GraphReply {
  const { messages = [] } = state as { messages?: BaseMessage[] };
  return {
    content: new RunSteps(messages, message_id).text,
    usage: null,
    token_usage: [],
    citations: [],
    interrupted: false,
    approvals: state[INTERRUPT].flatMap(({ value }) => (value ? [value] : [])),
  };
}
