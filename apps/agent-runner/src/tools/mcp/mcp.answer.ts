import {
  type CallToolResult,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import { GuardedHttpError } from '@roost/guarded-http';
import type { ToolAnswer } from '../tool';

const REASON_MAX = 500;

/** What a server answered, as text; what is no text is named. */
export function answerOf({ content, structuredContent, isError }: CallToolResult): ToolAnswer {
  const text = content.map(textOf).join('\n');
  const structured =
    text === '' && structuredContent !== undefined ? JSON.stringify(structuredContent) : text;
  return { ok: isError !== true, content: structured === '' ? '(no content)' : structured };
}

/** Why a server could not be used, in words that quote no header. */
export function reasonOf(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GuardedHttpError) return cause.message;
    if (cause instanceof SdkHttpError)
      return `The server answered HTTP ${cause.status}: check url and headers of the tool.`;
    if (cause instanceof ProtocolError) return `The server refused: ${cause.message.slice(0, REASON_MAX)}`;
    if (cause instanceof SdkError && cause.code === SdkErrorCode.RequestTimeout)
      return 'The server took too long: raise timeout_s, or ask for less.';
  }
  return 'The server gave no usable answer: check that url is an MCP endpoint over streamable HTTP.';
}

function textOf(block: CallToolResult['content'][number]): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `(${block.type}: ${block.mimeType}, ${bytesOf(block.data)} bytes)`;
    case 'resource_link':
      return `(link: ${block.name}, ${block.uri})`;
    case 'resource':
      return 'text' in block.resource
        ? block.resource.text
        : `(resource: ${block.resource.uri}, ${bytesOf(block.resource.blob)} bytes)`;
  }
}

const bytesOf = (base64: string): number => Math.floor((base64.length * 3) / 4);
