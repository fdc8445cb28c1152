import type { BaseMessage } from '@langchain/core/messages';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { ChatOpenAI } from '@langchain/openai';
import { inSpan } from '@roost/service-kit/tracing';
import { anySignal } from 'any-signal';
import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import { brokeOff, endless, fromProvider, malformed, ModelError, timedOut, withheld } from './model.error';
import type { OpenModelStream, ResponseFormat } from './model.stream';
import type { ToolDefinition } from '../tools/tool';
import type { RunContext } from './run.context';
import { type ModelToolCall, ToolCallParts } from './tool-call.parts';

export interface ModelLimits {
  /** Milliseconds for the whole answer, retries included. */
  timeout_ms: number;
  /** Milliseconds the model may be silent. */
  stall_ms: number;
  /** Milliseconds before the first retry; doubled for each further one. */
  backoff_ms: number;
}

export interface ModelReply {
  content: string;
  /** In the order the model made them. */
  tool_calls: ModelToolCall[];
  usage: { input_tokens: number; output_tokens: number } | null;
}

export interface ModelOffer {
  tools: ToolDefinition[];
  /** Whether an answer without text or calls will do: the model has spoken before. */
  may_be_silent: boolean;
  /** Asks for an answer of this form (`response_format` of the protocol). */
  format?: ResponseFormat;
}

const RETRIES = 3;
/** Tokens that one call counts for at most; a thousand such still fit into a report. */
const TOKENS_MAX = 100_000_000;
/** UTF-16 units of one answer, the arguments of its calls included. */
const ANSWER_MAX = 16 * 1_048_576;

/** Asks the model and streams its answer; asks again only as long as nobody has seen a token. */
export class ModelCall {
  constructor(
    private readonly openStream: OpenModelStream,
    private readonly limits: ModelLimits,
  ) {}

  /** @throws {ModelError} or the reason of `config.signal` when that aborts. */
  answer(...asked: Parameters<ModelCall['retried']>): Promise<ModelReply> {
    const [{ model }] = asked;
    const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model };
    return inSpan({ name: `chat ${model}`, attributes, is_client: true }, async (span) => {
      const reply = await this.retried(...asked);
      if (reply.usage) {
        span.setAttribute('gen_ai.usage.input_tokens', reply.usage.input_tokens);
        span.setAttribute('gen_ai.usage.output_tokens', reply.usage.output_tokens);
      }
      return reply;
    });
  }

  private async retried(
    model: ChatOpenAI,
    messages: BaseMessage[],
    config: RunnableConfig,
    events: Pick<RunContext, 'onToken' | 'onRetry'>,
    offer: ModelOffer,
  ): Promise<ModelReply> {
    const { timeout_ms, backoff_ms } = this.limits;
    const deadline = AbortSignal.timeout(timeout_ms);
    const ends_at = performance.now() + timeout_ms;
    const stop = anySignal([config.signal, deadline]);
    const isWorthRetrying = (error: Error): error is ModelError =>
      error instanceof ModelError &&
      error.retry.helps &&
      performance.now() + error.retry.after_ms + backoff_ms < ends_at;
    try {
      return await pRetry(
        () => this.attempt(model, messages, { ...config, signal: stop }, events.onToken, offer),
        {
          retries: RETRIES,
          minTimeout: backoff_ms,
          maxTimeout: 10_000,
          factor: 2,
          randomize: true,
          signal: stop,
          shouldRetry: ({ error }) => isWorthRetrying(error),
          onFailedAttempt: async ({ error, retriesLeft }) => {
            if (retriesLeft === 0 || !isWorthRetrying(error)) return;
            events.onRetry(error.message);
            await pause(error.retry.after_ms, undefined, { signal: stop });
          },
        },
      );
    } catch (error) {
      config.signal?.throwIfAborted();
      if (deadline.aborted) throw timedOut(timeout_ms / 1_000);
      throw error;
    } finally {
      stop.clear();
    }
  }

  private async attempt(
    model: ChatOpenAI,
    messages: BaseMessage[],
    config: RunnableConfig & { signal: AbortSignal },
    onToken: RunContext['onToken'],
    { tools, may_be_silent, format }: ModelOffer,
  ): Promise<ModelReply> {
    const { stall_ms } = this.limits;
    const stalled = new AbortController();
    const stallTimer = setTimeout(() => stalled.abort(), stall_ms);
    let content = '';
    const calls = new ToolCallParts();
    let finish: string | undefined;
    let usage: ModelReply['usage'] = null;
    const signal = anySignal([config.signal, stalled.signal]);
    try {
      for await (const chunk of this.openStream(model, messages, { ...config, signal }, { tools, format })) {
        stallTimer.refresh();
        finish ??= chunk.finish;
        usage = chunk.usage ?? usage;
        calls.add(chunk.tool_calls);
        const text = storable(chunk.text);
        if (content.length + text.length + calls.length > ANSWER_MAX) throw endless(ANSWER_MAX);
        if (text === '') continue;
        content += text;
        const full = onToken(text);
        if (full) await full;
      }
    } catch (error) {
      config.signal.throwIfAborted();
      if (error instanceof ModelError) throw error;
      if (stalled.signal.aborted) throw timedOut(stall_ms / 1_000);
      throw content === '' ? fromProvider(error) : final(brokeOff(error));
    } finally {
      clearTimeout(stallTimer);
      signal.clear();
    }
    if (finish === undefined) throw content === '' ? malformed() : final(brokeOff());
    const tool_calls = calls.complete();
    if (content === '' && tool_calls.length === 0) {
      if (finish === 'content_filter') throw withheld();
      if (!may_be_silent) throw malformed();
    }
    return {
      content,
      tool_calls,
      usage: usage && {
        input_tokens: countOf(usage.input_tokens),
        output_tokens: countOf(usage.output_tokens),
      },
    };
  }
}

/** Some servers name only one of the two, or none; what no call can have cost is not counted, but for its most. */
const countOf = (tokens: unknown): number =>
  typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0
    ? Math.min(tokens, TOKENS_MAX)
    : 0;

/** PostgreSQL stores no NUL: a reply with one could never be committed. */
const storable = (text: string): string => text.replaceAll('\0', '\ufffd');

/** After the first token a retry would repeat text that somebody has read. */
const final = (error: ModelError): ModelError =>
  new ModelError(error.code, error.message, { helps: false, after_ms: 0 }, { cause: error.cause });
