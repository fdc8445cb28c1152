import type Docker from 'dockerode';
import type { PresentInstance } from '../launcher';
import { LABEL } from './container-labels';

type Inspected = Pick<Docker.ContainerInspectInfo, 'Created'> & {
  State: Pick<
    Docker.ContainerInspectInfo['State'],
    'Status' | 'OOMKilled' | 'ExitCode' | 'StartedAt' | 'FinishedAt'
  >;
  Config: { Labels: Record<string, string> };
};

/** 128 + SIGKILL. */
const KILLED = 137;

/** What the engine's "inspect" says, in the port's words; undefined for a container that is not this installation's. */
export function presentInstance(container: Inspected, installation: string): PresentInstance | undefined {
  const labels = container.Config.Labels;
  const instance_id = labels[LABEL.instance_id];
  if (labels[LABEL.installation] !== installation || !instance_id) return undefined;

  const state = stateOf(container.State.Status);
  const exited = state === 'exited';
  return {
    instance_id,
    agent_id: labels[LABEL.agent_id] ?? null,
    generation: LABEL.generation in labels ? Number(labels[LABEL.generation]) : null,
    state,
    created_at: container.Created,
    started_at: moment(container.State.StartedAt),
    ended_at: exited ? moment(container.State.FinishedAt) : null,
    exit_code: exited ? container.State.ExitCode : null,
    // The engine's flag is also set when only a child process was killed and the instance lived on.
    oom_killed: exited && container.State.OOMKilled && container.State.ExitCode === KILLED,
  };
}

function stateOf(status: string): PresentInstance['state'] {
  switch (status) {
    case 'created':
      return 'created';
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running';
    default:
      return 'exited';
  }
}

/** The engine writes the zero time for what has not happened. */
function moment(time: string): string | null {
  return time === '' || time.startsWith('0001-01-01') ? null : time;
}
