import type { ToolBase } from './tool.base';

/** Tools of a remote MCP server, reached over streamable HTTP; complete and validated. */
export interface McpTool extends ToolBase {
  type: 'mcp';
  /** Stands before the names of the server's tools: `<name>_<tool>`. */
  name: string;
  /** What the server is for, told to the model before the server's own words; empty says nothing. */
  description: string;
  url: string;
  headers: Record<string, string>;
  /** The only tools of the server that are offered, by the server's names. */
  allowed_tools: string[];
  /** Seconds one call, or listing the tools, may take. */
  timeout_s: number;
  /** Bytes an answer may have. */
  response_bytes_max: number;
}
