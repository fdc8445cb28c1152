import type { ApprovalState, LoggedFrame } from '@roost/contracts';
import type { ApprovalDto } from '@roost/contracts/rest';
import type { ApprovalEntity } from './approval.entity';

/** States of requests that the run is told of. */
export const decidedStates: readonly ApprovalState[] = ['approved', 'edited', 'rejected', 'expired'];

export const toApprovalDto = (approval: ApprovalEntity): ApprovalDto => ({
  id: approval.id,
  thread_id: approval.thread_id,
  message_id: approval.message_id,
  tool: approval.tool,
  arguments: approval.arguments,
  edited_arguments: approval.edited_arguments,
  state: approval.state,
  reason: approval.reason,
  decided_by: approval.decided_by,
  decided_at: approval.decided_at?.toISOString() ?? null,
  expires_at: approval.expires_at.toISOString(),
  created_at: approval.created_at.toISOString(),
});

/** A request as it stands in the thread's log. */
export const approvalFrame = (
  approval: ApprovalEntity,
): Extract<LoggedFrame, { type: 'approval_request' }> => ({
  type: 'approval_request',
  content: `The agent asks for approval to call ${approval.tool}.`,
  approval_id: approval.id,
  message_id: approval.message_id,
  tool: approval.tool,
  arguments: approval.arguments,
  expires_at: approval.expires_at.toISOString(),
});
