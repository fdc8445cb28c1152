import {
  type AgentState,
  type ErrorCode,
  errorCatalogue,
  type ErrorFrame,
  type FailureReason,
  ServiceError,
  type StatusFrame,
} from '@roost/contracts';

const texts: Record<AgentState, string> = {
  stopped: 'The agent is asleep; your next message wakes it.',
  starting: 'The agent is waking up.',
  initializing: 'The agent is getting ready.',
  running: 'The agent is ready.',
  stopping: 'The agent is going to sleep.',
  failed: 'The agent could not start.',
};

interface Place {
  thread_id: string | null;
  event_id: string | null;
}

/** What chat clients learn of an agent's state; details of a failure are for its operator. */
export function statusFrame(
  agent_id: string,
  state: AgentState,
  reason: FailureReason | null,
  place: Place,
): StatusFrame {
  const message = texts[state];
  return {
    type: 'status',
    message,
    content: message,
    code: reason ?? `agent_${state}`,
    state,
    agent_id,
    ...place,
  };
}

export function errorFrame(error: ServiceError, place: Place, message_id: string | null = null): ErrorFrame {
  const message = `${errorCatalogue[error.code].title}. ${error.detail}`;
  return {
    type: 'error',
    message,
    content: message,
    code: error.code satisfies ErrorCode,
    message_id,
    ...place,
  };
}
