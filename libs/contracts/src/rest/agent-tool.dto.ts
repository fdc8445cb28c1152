import type { Type } from '@nestjs/common';
import type { ToolType } from '../agent-tool';
import { HandoffToolDto } from './tools/handoff.dto';
import { HttpRequestToolDto } from './tools/http-request.dto';
import { KnowledgeBaseToolDto } from './tools/knowledge-base.dto';
import { OpenapiToolDto } from './tools/openapi.dto';
import { McpToolDto } from './tools/mcp.dto';
import { RequestAuthorizationToolDto } from './tools/request-authorization.dto';
import { ToolTypeField } from './tools/tool.fields';
import { UserInfoToolDto } from './tools/user-info.dto';
import { WebSearchToolDto } from './tools/web-search.dto';

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
  mcp: McpToolDto,
  web_search: WebSearchToolDto,
  user_info: UserInfoToolDto,
  request_authorization: RequestAuthorizationToolDto,
  handoff: HandoffToolDto,
};
