import { AIMessageChunk, type BaseMessage } from '@langchain/core/messages';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { BaseTracer } from '@langchain/core/tracers/base';
import type { ChatOpenAI } from '@langchain/openai';
import type { ToolDefinition } from '../tools/tool';
import type { ToolCallPart } from './tool-call.parts';

export interface ModelChunk {
  text: string;
  tool_calls: ToolCallPart[];
  /** Why the answer ended, once it has. */
  finish: string | undefined;
  usage: { input_tokens: number; output_tokens: number } | undefined;
}

/** JSON Schema that an answer must fit, as the OpenAI protocol wants it. */
export interface ResponseFormat {
  type: 'json_schema';
  json_schema: { name: string; schema: Record<string, unknown>; strict: true };
}

export interface StreamOptions {
  tools: ToolDefinition[];
  format?: ResponseFormat | undefined;
}

export type OpenModelStream = (
  model: ChatOpenAI,
  messages: BaseMessage[],
  config: RunnableConfig,
  options: StreamOptions,
) => AsyncIterable<ModelChunk>;

/**
 * Reads the model's own chunks. `model.stream()` would build callbacks and add every chunk to a growing message
 * on the way: a sixth of the time to the first token, for tracers that are not there.
 */
export const streamChunks: OpenModelStream = async function* (model, messages, { signal }, offer) {
  for await (const { text, message, generationInfo } of model._streamResponseChunks(messages, {
    ...(signal ? { signal } : {}),
    ...callOptions(offer),
  })) {
    yield { text, ...readMetadata(message, generationInfo) };
  }
};

/** The same through LangChain's callbacks, so that `tracer` sees the call: within the graph's, or by itself. */
export const streamTraced = (tracer: BaseTracer): OpenModelStream =>
  async function* (model, messages, { signal, callbacks = [tracer] }, offer) {
    const options = { callbacks, ...(signal ? { signal } : {}), ...callOptions(offer) };
    for await (const chunk of await model.stream(messages, options)) {
      yield { text: chunk.text, ...readMetadata(chunk) };
    }
  };

const callOptions = ({ tools, format }: StreamOptions) => ({
  ...(tools.length > 0 ? { tools } : {}),
  ...(format ? { response_format: format } : {}),
});

function readMetadata(
  message: BaseMessage & { usage_metadata?: ModelChunk['usage'] },
  generationInfo: Record<string, unknown> = {},
): Omit<ModelChunk, 'text'> {
  // Chat completions say `finish_reason`; the Responses API, which some models need, says `status`.
  const { finish_reason, status } = { ...message.response_metadata, ...generationInfo };
  const finish = finish_reason ?? status;
  return {
    tool_calls: message instanceof AIMessageChunk ? (message.tool_call_chunks ?? []) : [],
    finish: typeof finish === 'string' ? finish : undefined,
    usage: message.usage_metadata,
  };
}
