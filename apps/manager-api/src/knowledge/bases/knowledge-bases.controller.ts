import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  CreateKnowledgeBaseDto,
  KnowledgeBaseDto,
  KnowledgeBasePageDto,
  PageQueryDto,
} from '@roost/contracts/rest';
import { NeedsScope } from '../../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../../http/api.decorators';
import { KnowledgeBasesService } from './knowledge-bases.service';

const KNOWLEDGE_BASE_ID = {
  name: 'knowledge_base_id',
  description: 'The knowledge base.',
  example: 'kb_4vJx2pQzW8mNcR6tYbL0sD',
};

@ApiTags('knowledge')
@Controller('knowledge-bases')
export class KnowledgeBasesController {
  constructor(private readonly bases: KnowledgeBasesService) {}

  @Post()
  @NeedsScope('knowledge:write')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Make a knowledge base' })
  @ApiCreatedResponse({ type: KnowledgeBaseDto })
  @ApiProblems('validation_failed', 'knowledge_limit_reached')
  create(@Body() body: CreateKnowledgeBaseDto): Promise<KnowledgeBaseDto> {
    return this.bases.create(body);
  }

  @Get()
  @NeedsScope('knowledge:read')
  @ApiOperation({ summary: 'List knowledge bases' })
  @ApiOkResponse({ type: KnowledgeBasePageDto })
  @ApiProblems('invalid_cursor', 'validation_failed')
  list(@Query() query: PageQueryDto): Promise<KnowledgeBasePageDto> {
    return this.bases.list(query);
  }

  @Get(':knowledge_base_id')
  @NeedsScope('knowledge:read')
  @ApiOperation({ summary: 'Read a knowledge base' })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiOkResponse({ type: KnowledgeBaseDto })
  @ApiProblems('knowledge_base_not_found')
  get(@Param('knowledge_base_id') id: string): Promise<KnowledgeBaseDto> {
    return this.bases.get(id);
  }

  @Delete(':knowledge_base_id')
  @HttpCode(204)
  @NeedsScope('knowledge:write')
  @ApiOperation({
    summary: 'Delete a knowledge base with all its documents; agents that name it find nothing in it',
  })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiNoContentResponse({ description: 'Deleted, now or before.' })
  @ApiProblems()
  async delete(@Param('knowledge_base_id') id: string): Promise<void> {
    await this.bases.delete(id);
  }
}
