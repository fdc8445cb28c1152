/**
 * Whether the thread of a message waits for approval, so that the message waits, too; `message` is the alias of its
 * row. The paused messages themselves have another status.
 */
export const isHeld = (message: string): string =>
  `EXISTS (SELECT 1 FROM messages paused WHERE paused.agent_id = ${message}.agent_id
     AND paused.thread_id = ${message}.thread_id AND paused.status = 'paused')`;

/** A message that an instance could work on now: owed, and its thread does not wait for anybody. */
export const isDue = (message: string): string => `${message}.status = 'accepted' AND NOT ${isHeld(message)}`;

/** What was decided on requests of a message, as JSON; null when nothing was. */
export const decisionsOn = (message: string): string =>
  `(SELECT jsonb_agg(
      jsonb_strip_nulls(jsonb_build_object('approval_id', a.id, 'reason', a.reason, 'decision',
        CASE a.state WHEN 'approved' THEN 'approve' WHEN 'edited' THEN 'edit' ELSE 'reject' END))
      || CASE WHEN a.state = 'edited' THEN jsonb_build_object('arguments', a.edited_arguments) ELSE '{}' END)
    FROM approvals a WHERE a.message_id = ${message}.id AND a.state NOT IN ('pending', 'cancelled'))`;

/** Ends the requests that the messages in `ended` (a CTE with their `id`) still waited for. */
export const cancelApprovalsOf = (ended: string): string =>
  `UPDATE approvals SET state = 'cancelled', decided_at = now()
   WHERE state = 'pending' AND message_id IN (SELECT id FROM ${ended})`;
