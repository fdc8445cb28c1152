import { Injectable } from '@nestjs/common';
import { type FieldError, ServiceError } from '@roost/contracts';
import type { ImportedAgentDto, ImportAgentDto } from '@roost/contracts/rest';
import type { Principal } from '../../access/principal';
import { toolProblems } from '../agent-input';
import { AgentsService } from '../agents.service';
import { importSettings, type ImportedConfiguration } from './former.settings';
import { type Fields, fieldsOf, isFields } from './former.values';

/** Where the settings stood, in the order in which they are looked for. */
const PLACES = [['config', 'simple', 'settings'], ['simple', 'settings'], ['settings']];
const TOOLS_MAX = 64;

/** Takes over agents of the Python service. */
@Injectable()
export class AgentImportService {
  constructor(private readonly agents: AgentsService) {}

  /** @throws {ServiceError} `validation_failed` when what comes of it is no valid configuration. */
  async import(principal: Principal, body: ImportAgentDto): Promise<ImportedAgentDto> {
    const { path, settings } = settingsOf({ config: body.config });
    const imported = importSettings(settings, body.name ?? null, path, basesOf(body.knowledge_bases));
    const configuration = { ...imported.configuration, ...(await usableTools(imported, path)) };
    const agent = await this.agents.create(principal, merged(configuration, body.overrides));
    return { agent, left_out: imported.left_out.items };
  }
}

/** One tool that cannot be had is no reason to refuse all the rest. */
async function usableTools(
  { tools, limit_to_knowledge_base, left_out }: ImportedConfiguration,
  path: string,
): Promise<Fields> {
  const usable: Fields[] = [];
  for (const { path, tool } of tools) {
    const problems = await toolProblems(tool);
    if (problems.length > 0)
      left_out.add(path, problems.map(({ field, message }) => `${field}: ${message}`).join('; '));
    else if (usable.length === TOOLS_MAX) left_out.add(path, `an agent has at most ${TOOLS_MAX} tools`);
    else usable.push(tool);
  }
  if (limit_to_knowledge_base === null) return { tools: usable };
  if (usable.some(({ type }) => type === 'knowledge_base'))
    return { tools: usable, knowledge: { limit_to_knowledge_base } };
  if (limit_to_knowledge_base)
    left_out.add(
      `${path}.model.limitToKnowledgeBase`,
      'there is no knowledge base to keep to: the agent answers from what its model knows',
    );
  return { tools: usable };
}

function settingsOf(body: Fields): { path: string; settings: Fields } {
  const config = fieldsOf(body['config']);
  for (const place of PLACES) {
    const from = place[0] === 'config' ? body : config;
    const settings = place.reduce<unknown>((value, name) => fieldsOf(value)[name], from);
    if (isFields(settings))
      return { path: ['config', ...place.filter((name) => name !== 'config')].join('.'), settings };
  }
  throw refused([{ field: 'config', message: 'must hold simple.settings, as the Python service kept it' }]);
}

function basesOf(knowledge_bases: Fields): Map<string, string> {
  const errors = Object.entries(knowledge_bases).flatMap(([former, id]) =>
    typeof id === 'string' && id !== ''
      ? []
      : [{ field: `knowledge_bases.${former.slice(0, 64)}`, message: 'must be the id of a knowledge base' }],
  );
  if (errors.length > 0) throw refused(errors);
  return new Map(Object.entries(knowledge_bases as Record<string, string>));
}

function refused(errors: FieldError[]): ServiceError {
  const [first] = errors;
  return new ServiceError('validation_failed', `${first?.field}: ${first?.message}`, { errors });
}

/** Two levels are all that configurations have, but for lists, which are replaced. */
function merged(base: Fields, overrides: Fields): Fields {
  const result = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    if (name === '__proto__') continue;
    const before = result[name];
    result[name] = isFields(before) && isFields(value) ? { ...before, ...value } : value;
  }
  return result;
}
