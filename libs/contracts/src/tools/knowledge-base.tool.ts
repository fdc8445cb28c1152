import type { ToolBase } from './tool.base';

/** Looks a question up in knowledge bases of the operator. */
export interface KnowledgeBaseTool extends ToolBase {
  type: 'knowledge_base';
  name: string;
  description: string;
  knowledge_base_ids: string[];
  retrieval_limit: number;
  rewrite_attempts: number;
}
