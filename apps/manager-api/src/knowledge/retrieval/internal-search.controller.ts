import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { internalPaths, type RetrievalRequest, type RetrievalResponse } from '@roost/contracts';
import { z } from 'zod';
import type { Principal } from '../../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../../access/route.decorators';
import { InternalOnly } from '../../http/listeners';
import { parsed } from '../../http/zod-body';
import { asInstance } from '../../lifecycle/config.controller';
import { AgentKnowledge } from './agent-knowledge.service';
import { MetadataFilterSchema } from './metadata.filter';

/** All that the tools of one agent can name: 64 tools with 50 each. */
const BASES_MAX = 64 * 50;

const Search = z.object({
  version: z.int().min(1),
  knowledge_base_ids: z.array(z.string().min(1).max(100)).min(1).max(BASES_MAX),
  query: z.string().min(1).max(8_000),
  limit: z.int().min(1).max(50),
  filter: MetadataFilterSchema.default({}),
  message_id: z.string().max(100),
}) satisfies z.ZodType<RetrievalRequest>;

/** Knowledge for the agent of an instance. */
@ApiExcludeController()
@InternalOnly()
@InstanceOnly()
@Controller(internalPaths.knowledgeSearch)
export class InternalSearchController {
  constructor(private readonly knowledge: AgentKnowledge) {}

  @Post()
  @HttpCode(200)
  search(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<RetrievalResponse> {
    return this.knowledge.search(asInstance(principal).agent_id, parsed(Search, body));
  }
}
