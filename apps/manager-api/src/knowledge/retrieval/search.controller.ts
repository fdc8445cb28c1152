import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { KnowledgeSearchDto, KnowledgeSearchResultDto } from '@roost/contracts/rest';
import { NeedsScope } from '../../access/route.decorators';
import { ApiProblems } from '../../http/api.decorators';
import { KnowledgeBasesService } from '../bases/knowledge-bases.service';
import { metadataFilter } from './metadata.filter';
import { RetrievalService } from './retrieval.service';
import { SEARCH_MS } from './search.deadline';

@ApiTags('knowledge')
@Controller('knowledge-bases/:knowledge_base_id/search')
export class SearchController {
  constructor(
    private readonly retrieval: RetrievalService,
    private readonly bases: KnowledgeBasesService,
  ) {}

  @Post()
  @HttpCode(200)
  @NeedsScope('knowledge:read')
  @ApiOperation({ summary: 'Tries a question on a knowledge base' })
  @ApiParam({ name: 'knowledge_base_id', description: 'The knowledge base.', example: 'kb_returns' })
  @ApiOkResponse({ type: KnowledgeSearchResultDto })
  @ApiProblems('knowledge_base_not_found', 'validation_failed', 'embedding_unavailable', 'embedding_mismatch')
  async search(
    @Param('knowledge_base_id') knowledge_base_id: string,
    @Body() { query, limit, mode, filter }: KnowledgeSearchDto,
  ): Promise<KnowledgeSearchResultDto> {
    const wanted = metadataFilter(filter);
    await this.bases.get(knowledge_base_id);
    return this.retrieval.retrieve(
      { knowledge_base_ids: [knowledge_base_id], query, limit, mode, filter: wanted },
      AbortSignal.timeout(SEARCH_MS),
    );
  }
}
