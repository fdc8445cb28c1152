import type { ToolBase } from './tool.base';

/** Passages that one query brings, unless the tool says otherwise. */
export const RETRIEVAL_LIMIT_DEFAULT = 5;
/** Times a query that found nothing is put in other words, unless the tool says otherwise. */
export const REWRITE_ATTEMPTS_DEFAULT = 2;

/** What ids of knowledge bases look like. */
export const KNOWLEDGE_BASE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Knowledge that the agent may look things up in; complete and validated. */
export interface KnowledgeBaseTool extends ToolBase {
  type: 'knowledge_base';
  name: string;
  description: string;
  knowledge_base_ids: string[];
  /** Passages that one query brings, 1 to 20. */
  retrieval_limit: number;
  /** Times a query that found nothing relevant is put in other words, 0 to 5. */
  rewrite_attempts: number;
}
