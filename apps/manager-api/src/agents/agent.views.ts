import { ServiceError } from '@roost/contracts';
import type { AgentDto, AgentStatusDto, AgentVersionDto } from '@roost/contracts/rest';
import type { AgentVersionEntity } from './agent-version.entity';
import type { AgentStatusView, AgentView } from './agents.repository';

export const agentNotFound = (): ServiceError =>
  new ServiceError('agent_not_found', 'Look the id up with GET /agents.');

export const toAgentDto = ({ agent, version, status }: AgentView): AgentDto => ({
  ...version.configuration,
  secret_names: namesOf(version),
  id: agent.id,
  version: agent.version,
  status: toStatusDto(status),
  created_at: agent.created_at.toISOString(),
  updated_at: agent.updated_at.toISOString(),
});

export const toStatusDto = (status: AgentStatusView): AgentStatusDto => ({
  agent_id: status.agent_id,
  state: status.state,
  reason: status.reason,
  detail: status.detail,
  generation: status.generation,
  version: status.version,
  running_version: status.running_version,
  last_active_at: status.last_active_at?.toISOString() ?? null,
  started_at: status.started_at?.toISOString() ?? null,
  queue_position: status.queue_position,
});

export const toVersionDto = (row: AgentVersionEntity): AgentVersionDto => ({
  version: row.version,
  configuration: row.configuration,
  secret_names: namesOf(row),
  restored_from: row.restored_from,
  created_at: row.created_at.toISOString(),
});

const namesOf = ({ secrets }: AgentVersionEntity): string[] => Object.keys(secrets).sort();
