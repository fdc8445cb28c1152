import { IntegerField, ObjectField, StringField, TextListField, UrlField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

/**
 * Tools of a remote MCP server over streamable HTTP. They become tools of the agent, called `<name>_<tool>`, with the
 * server's own schemas. The server's prompts, sampling and elicitation are not used.
 */
export class McpToolDto extends ToolBase {
  @ToolTypeField('mcp')
  type!: 'mcp';

  @ToolNameField('shop')
  name!: string;

  @StringField({
    description: 'What the server is for, for the model; stands before what the server says of each tool.',
    example: 'The stock of our shop.',
    max: 500,
    default: '',
  })
  description!: string;

  @UrlField({
    description:
      'The MCP endpoint. Private hosts and ports other than 80 and 443 are reached only where the operator allows them (`TOOL_ALLOWED_HOSTS`).',
    example: 'https://shop.example/mcp',
  })
  url!: string;

  @ObjectField({
    description: 'Headers of every request. They are sent to this host only.',
    example: { 'x-shop': 'north' },
    default: {},
  })
  headers!: Record<string, string>;

  @TextListField({
    description: "The server's tools that the agent may use, by the server's names; no other is offered.",
    example: ['find_article'],
    items_min: 1,
    items_max: 64,
    max: 128,
    pattern: /^[^\p{Cc}]+$/u,
  })
  allowed_tools!: string[];

  @IntegerField({
    description: 'Seconds one call may take, connecting included.',
    example: 20,
    min: 1,
    max: 300,
    default: 30,
  })
  timeout_s!: number;

  @IntegerField({
    description: 'Bytes an answer may have; a longer one is a failure the model is told of.',
    example: 65_536,
    min: 256,
    max: 1_048_576,
    default: 65_536,
  })
  response_bytes_max!: number;
}
