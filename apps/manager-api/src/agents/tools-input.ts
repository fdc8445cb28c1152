import { type AgentTool, type FieldError, type KnowledgeBaseTool, ServiceError } from '@roost/contracts';
import { httpRequestProblems } from './tools/http-request.check';
import { openapiProblems } from './tools/openapi.check';
import { secretProblems } from './tools/secret-uses';
import { mcpProblems } from './tools/mcp.check';

/**
 * What the declarations of a tool cannot say by themselves: templates, headers and the schema of its arguments.
 * @throws {ServiceError} `validation_failed`
 */
export function checkTools(tools: AgentTool[]): void {
  const errors = tools.flatMap((tool, index) =>
    problemsOf(tool).map(({ field, message }) => ({ field: `tools.${index}.${field}`, message })),
  );
  const [first] = errors;
  if (first) throw new ServiceError('validation_failed', `${first.field}: ${first.message}`, { errors });
}

/** What is asked of each type beyond its declaration. */
const checks: { [Type in AgentTool['type']]: (tool: Extract<AgentTool, { type: Type }>) => FieldError[] } = {
  http_request: httpRequestProblems,
  // Whether the knowledge bases exist is seen when they are searched: they may be made, or go, at any time.
  knowledge_base: knowledgeBaseProblems,
  openapi: openapiProblems,
  mcp: mcpProblems,
  web_search: nothingMore,
  user_info: nothingMore,
  request_authorization: nothingMore,
  handoff: nothingMore,
};

const problemsOf = (tool: AgentTool): FieldError[] => [
  // Which check belongs to which tool is said by the table's type.
  ...(checks[tool.type] as (tool: AgentTool) => FieldError[])(tool),
  ...secretProblems(tool),
];

/** Looking something up has no effect that somebody could hold back. */
function knowledgeBaseProblems({ requires_approval }: KnowledgeBaseTool): FieldError[] {
  return requires_approval
    ? [
        {
          field: 'requires_approval',
          message: 'must be false: looking something up has no effect to approve',
        },
      ]
    : [];
}

/** The declaration says all there is. */
function nothingMore(): FieldError[] {
  return [];
}
