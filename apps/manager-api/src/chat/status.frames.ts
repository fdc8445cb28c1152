import {
  type AgentState,
  type AgentStatusEvent,
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

const waitingText = (before: number): string =>
  `The agent waits for its turn to start: ${before === 0 ? 'it is the next' : `${before} before it`}.`;

interface Place {
  thread_id: string | null;
  event_id: string | null;
}

/** What chat clients learn of an agent's state; details of a failure are for its operator. */
export function statusFrame(
  agent_id: string,
  state: AgentState,
  reason: FailureReason | null,
  queue_position: number | null,
  place: Place,
): StatusFrame {
  const message = queue_position === null ? texts[state] : waitingText(queue_position - 1);
  return {
    type: 'status',
    message,
    content: message,
    code: reason ?? `agent_${state}`,
    state,
    agent_id,
    queue_position,
    ...place,
  };
}

/** What somebody is asked for, for clients that know `message`, `status` and `error` alone: they read what it says. */
export function requestAsStatus(
  { type, content, thread_id, event_id }: { type: string; content: string } & Place,
  agent_id: string,
  seen: Pick<AgentStatusEvent, 'state' | 'queue_position'> | null,
): StatusFrame {
  const { state, queue_position } = seen ?? { state: 'running', queue_position: null };
  return {
    type: 'status',
    message: content,
    content,
    code: type,
    state,
    agent_id,
    queue_position,
    thread_id,
    event_id,
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
