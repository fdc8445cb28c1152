import type { AgentTool } from '@roost/contracts';
import { httpRequestTool } from './http-request.tool';
import { knowledgeBaseTool } from './knowledge-base.tool';
import { openapiTool } from './openapi/openapi.tool';
import type { BuiltTool, ToolBuilder, ToolServices } from './tool.builder';

/** How each type of tool is made. */
const builders: { [Type in AgentTool['type']]: ToolBuilder<Extract<AgentTool, { type: Type }>> } = {
  http_request: httpRequestTool,
  knowledge_base: knowledgeBaseTool,
  openapi: openapiTool,
};

export const buildTool = (tool: AgentTool, services: ToolServices): Promise<BuiltTool[]> =>
  // Which builder belongs to which tool is said by the table's type.
  (builders[tool.type] as ToolBuilder<AgentTool>)(tool, services);
