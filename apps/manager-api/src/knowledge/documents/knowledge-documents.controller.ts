import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { AddDocumentDto, DocumentDto, DocumentPageDto, PageQueryDto } from '@roost/contracts/rest';
import { NeedsScope } from '../../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../../http/api.decorators';
import { KnowledgeDocumentsService } from './knowledge-documents.service';
import { type Upload, Uploaded, UploadReceiver } from './upload.receiver';

const KNOWLEDGE_BASE_ID = {
  name: 'knowledge_base_id',
  description: 'The knowledge base.',
  example: 'kb_4vJx2pQzW8mNcR6tYbL0sD',
};
const DOCUMENT_ID = {
  name: 'document_id',
  description: 'The document.',
  example: 'doc_9bTq1mXw5kPzV3nRcY7LdF',
};

const FORM = {
  type: 'object' as const,
  required: ['file'],
  properties: {
    file: { type: 'string', format: 'binary', description: 'PDF, DOCX, HTML, Markdown, text or CSV.' },
    title: {
      type: 'string',
      maxLength: 300,
      description: 'What citations call it.',
      example: 'Opening hours',
    },
    metadata: { type: 'string', description: 'A JSON object, as text.', example: '{"language":"en"}' },
    document_id: {
      type: 'string',
      description: 'The document that this replaces.',
      example: DOCUMENT_ID.example,
    },
  },
};

@ApiTags('knowledge')
@Controller('knowledge-bases/:knowledge_base_id/documents')
export class KnowledgeDocumentsController {
  constructor(private readonly documents: KnowledgeDocumentsService) {}

  @Post()
  @HttpCode(202)
  @NeedsScope('knowledge:write')
  @UseGuards(UploadReceiver)
  @ApiIdempotent()
  @ApiOperation({
    summary: 'Add a document, or replace one',
    description:
      'It is ingested in the background; `GET` it for its status. What was found before stays found until the new revision is ready. The same content with the same title and metadata again changes nothing.',
  })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiConsumes('application/json', 'multipart/form-data')
  @ApiExtraModels(AddDocumentDto)
  @ApiBody({ required: true, schema: { oneOf: [{ $ref: getSchemaPath(AddDocumentDto) }, FORM] } })
  @ApiAcceptedResponse({ type: DocumentDto, description: 'The document as it is now.' })
  @ApiProblems(
    'validation_failed',
    'knowledge_base_not_found',
    'document_not_found',
    'knowledge_limit_reached',
    'payload_too_large',
    'unsupported_media_type',
  )
  add(
    @Param('knowledge_base_id') id: string,
    @Body() body: AddDocumentDto,
    @Uploaded() upload: Upload | null,
  ): Promise<DocumentDto> {
    return this.documents.add(id, body, upload);
  }

  @Get()
  @NeedsScope('knowledge:read')
  @ApiOperation({ summary: 'List the documents of a knowledge base' })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiOkResponse({ type: DocumentPageDto })
  @ApiProblems('knowledge_base_not_found', 'invalid_cursor', 'validation_failed')
  list(@Param('knowledge_base_id') id: string, @Query() query: PageQueryDto): Promise<DocumentPageDto> {
    return this.documents.list(id, query);
  }

  @Get(':document_id')
  @NeedsScope('knowledge:read')
  @ApiOperation({ summary: 'Read a document and how far its ingestion is' })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiParam(DOCUMENT_ID)
  @ApiOkResponse({ type: DocumentDto })
  @ApiProblems('document_not_found')
  get(
    @Param('knowledge_base_id') knowledge_base_id: string,
    @Param('document_id') id: string,
  ): Promise<DocumentDto> {
    return this.documents.get(knowledge_base_id, id);
  }

  @Delete(':document_id')
  @HttpCode(204)
  @NeedsScope('knowledge:write')
  @ApiOperation({ summary: 'Delete a document; it is found no more' })
  @ApiParam(KNOWLEDGE_BASE_ID)
  @ApiParam(DOCUMENT_ID)
  @ApiNoContentResponse({ description: 'Deleted, now or before.' })
  @ApiProblems()
  async delete(
    @Param('knowledge_base_id') knowledge_base_id: string,
    @Param('document_id') id: string,
  ): Promise<void> {
    await this.documents.delete(knowledge_base_id, id);
  }
}
