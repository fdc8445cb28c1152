import type { ToolBase } from './tool.base';

/** A search of the web with the operator's Tavily key; complete and validated. */
export interface WebSearchTool extends ToolBase {
  type: 'web_search';
  name: string;
  description: string;
  /** Results a search brings. */
  limit: number;
  /** Only these, and what is below them; empty for all. */
  include_domains: string[];
  exclude_domains: string[];
}
