import type { Tool as ListedTool } from '@modelcontextprotocol/client';
import type { McpTool } from '@roost/contracts';
import { createHash } from 'node:crypto';
import type { ToolDefinition } from '../tool';
import { definition } from '../tool.builder';

const NAME_MAX = 64;
/** Characters of what a server says of a tool: it is not the operator's, and part of every question to the model. */
const DESCRIPTION_MAX = 1_000;
const SCHEMA_BYTES_MAX = 16 * 1_024;

/** A server's tool as the model is told of it; null when its schema is too large. */
export function definitionOf(
  { name, description }: Pick<McpTool, 'name' | 'description'>,
  listed: ListedTool,
): ToolDefinition | null {
  const { $schema: _dialect, ...schema } = listed.inputSchema;
  if (Buffer.byteLength(JSON.stringify(schema)) > SCHEMA_BYTES_MAX) return null;
  const said = (listed.description ?? listed.title ?? '').slice(0, DESCRIPTION_MAX);
  return definition(toolName(name, listed.name), [description, said].filter(Boolean).join('\n'), schema);
}

/** `<prefix>_<name>` as models take it. One that had to be changed gets a hash, so that no two become the same. */
export function toolName(prefix: string, name: string): string {
  const whole = `${prefix}_${name}`;
  const plain = whole.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  if (plain === whole && whole.length <= NAME_MAX) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8);
  return `${plain.slice(0, NAME_MAX - hash.length - 1)}_${hash}`;
}
