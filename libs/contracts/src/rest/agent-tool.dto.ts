import type { Type } from '@nestjs/common';
import type { ToolType } from '../agent-tool';
import { HttpRequestToolDto } from './tools/http-request.dto';
import { KnowledgeBaseToolDto } from './tools/knowledge-base.dto';
import { OpenapiToolDto } from './tools/openapi.dto';
import { ToolTypeField } from './tools/tool.fields';

/** Stands in for a tool whose type is not known, so that the answer names the known ones. */
export class ToolDto {
  @ToolTypeField('http_request')
  type!: string;
}

/** How each type of tool is written down. */
export const toolDtos: Record<ToolType, Type> = {
  http_request: HttpRequestToolDto,
  knowledge_base: KnowledgeBaseToolDto,
  openapi: OpenapiToolDto,
};
