import { Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import type { ImportedAgentDto, ImportAgentDto } from '@roost/contracts/rest';
import type { Principal } from '../../access/principal';
import { AgentsService } from '../agents.service';
import { importSettings } from './former.settings';
import { type Fields, fieldsOf, isFields, textOf } from './former.values';

/** Where the settings stood, in the order in which they are looked for. */
const PLACES = [['config', 'simple', 'settings'], ['simple', 'settings'], ['settings']];

/** Takes over agents of the Python service. */
@Injectable()
export class AgentImportService {
  constructor(private readonly agents: AgentsService) {}

  /** @throws {ServiceError} `validation_failed` when what comes of it is no valid configuration. */
  async import(principal: Principal, body: ImportAgentDto): Promise<ImportedAgentDto> {
    const { path, settings } = settingsOf({ config: body.config });
    const name = body.name ?? textOf(settings['name']) ?? 'Imported agent';
    const bases = new Map(Object.entries(body.knowledge_bases).map(([former, id]) => [former, String(id)]));
    const { configuration, left_out } = importSettings(settings, name, path, bases);
    const agent = await this.agents.create(principal, merged(configuration, body.overrides));
    return { agent, left_out: left_out.items };
  }
}

function settingsOf(body: Fields): { path: string; settings: Fields } {
  const config = fieldsOf(body['config']);
  for (const place of PLACES) {
    const from = place[0] === 'config' ? body : config;
    const settings = place.reduce<unknown>((value, name) => fieldsOf(value)[name], from);
    if (isFields(settings))
      return { path: ['config', ...place.filter((name) => name !== 'config')].join('.'), settings };
  }
  const message = 'must hold simple.settings, as the Python service kept it';
  throw new ServiceError('validation_failed', `config: ${message}`, {
    errors: [{ field: 'config', message }],
  });
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
