import { Injectable } from '@nestjs/common';
import { type RetrievalRequest, type RetrievalResponse, ServiceError } from '@roost/contracts';
import { randomUUID } from 'node:crypto';
import { AgentsRepository } from '../../agents/agents.repository';
import { UsageRepository } from '../../usage/usage.repository';
import { RetrievalService } from './retrieval.service';
import { SEARCH_MS } from './search.deadline';

/** Retrieval for runners: an agent looks in the knowledge bases that its version names, and in no other. */
@Injectable()
export class AgentKnowledge {
  constructor(
    private readonly agents: AgentsRepository,
    private readonly retrieval: RetrievalService,
    private readonly usage: UsageRepository,
  ) {}

  /** @throws {ServiceError} `version_not_found`, `forbidden`, and those of {@link RetrievalService.retrieve}. */
  async search(agent_id: string, request: RetrievalRequest): Promise<RetrievalResponse> {
    const version = await this.agents.findVersion(agent_id, request.version);
    if (!version)
      throw new ServiceError('version_not_found', `${agent_id} has no version ${request.version}.`);
    const { tools } = version.configuration;
    const named = new Set(
      tools.flatMap((tool) => (tool.type === 'knowledge_base' ? tool.knowledge_base_ids : [])),
    );
    const foreign = request.knowledge_base_ids.filter((id) => !named.has(id));
    if (foreign.length > 0)
      throw new ServiceError(
        'forbidden',
        `Version ${request.version} of ${agent_id} has no knowledge_base tool for ${foreign.join(', ')}.`,
      );
    const { knowledge_base_ids, query, limit, filter = {} } = request;
    const found = await this.retrieval.retrieve(
      { knowledge_base_ids, query, limit, mode: 'hybrid', filter },
      AbortSignal.timeout(SEARCH_MS),
    );
    await this.usage.book({
      booking_id: `search_${randomUUID()}`,
      agent_id,
      message_id: request.message_id,
      usage: found.usage ?? [],
    });
    return found;
  }
}
