import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import type { RunnableConfig } from '@langchain/core/runnables';
import type { ChatOpenAI } from '@langchain/openai';
import type { UsageKind } from '@roost/contracts';
import { z } from 'zod';
import type { ModelCall } from './model.call';
import { ModelError } from './model.error';
import { gradingModel, type ModelFactory } from './model.factory';
import type { ResponseFormat } from './model.stream';
import type { RunContext } from './run.context';
import { checkSpending } from './run.limits';

/** What a model is asked to decide. */
export interface Question<Answer> {
  /** Of the form, for the provider. */
  name: string;
  form: z.ZodType<Answer>;
  messages: BaseMessage[];
  kind: UsageKind;
}

/**
 * Asks the grading model for an answer of a form. Models and servers differ in how well they keep to one: the form is
 * asked for, dropped where the server refuses it, read leniently, and asked for once more.
 */
export class StructuredCall {
  /** Models that refused the form; they are not asked for it again. */
  private readonly undemanding = new WeakSet<ChatOpenAI>();

  constructor(
    private readonly models: ModelFactory,
    private readonly call: ModelCall,
  ) {}

  /** Null when the model gives no such answer. @throws {ModelError} {@link RunLimitError} or the signal's reason. */
  async ask<Answer>(
    question: Question<Answer>,
    context: RunContext,
    signal: AbortSignal,
  ): Promise<Answer | null> {
    const text = await this.answer(question, context, { signal });
    const answer = read(text, question.form);
    if (answer !== null) return answer;
    const again = [
      ...question.messages.slice(0, -1),
      new HumanMessage(`${question.messages.at(-1)?.text ?? ''}\n\nAnswer with the JSON object alone.`),
    ];
    return read(await this.answer({ ...question, messages: again }, context, { signal }), question.form);
  }

  private async answer(
    question: Question<unknown>,
    context: RunContext,
    config: RunnableConfig,
  ): Promise<string> {
    const model = this.models.grading(context.configuration);
    if (!this.undemanding.has(model)) {
      try {
        return await this.attempt(model, question, context, config, formatOf(question));
      } catch (error) {
        if (!(error instanceof ModelError) || error.code !== 'model_bad_request') throw error;
        this.undemanding.add(model);
      }
    }
    return this.attempt(this.models.undemanding(context.configuration), question, context, config);
  }

  private async attempt(
    model: ChatOpenAI,
    { messages, kind }: Question<unknown>,
    context: RunContext,
    config: RunnableConfig,
    format?: ResponseFormat,
  ): Promise<string> {
    const { configuration, meter, onRetry } = context;
    await checkSpending(context, config.signal);
    const { content, usage } = await this.call
      .answer(
        model,
        messages,
        config,
        { onToken: () => undefined, onRetry },
        { tools: [], may_be_silent: true, ...(format ? { format } : {}) },
      )
      .catch((error: unknown) => {
        throw named(error, configuration.configuration.knowledge?.grading_model ?? null);
      });
    meter.add(kind, gradingModel(configuration), usage);
    return content;
  }
}

const formatOf = ({ name, form }: Question<unknown>): ResponseFormat => {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(form);
  return { type: 'json_schema', json_schema: { name, schema, strict: true } };
};

/** The JSON object in a text, whatever stands around it. */
function read<Answer>(text: string, form: z.ZodType<Answer>): Answer | null {
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  try {
    return form.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** The agent's own settings are not at fault when the grading model is another one. */
function named(error: unknown, grading_model: string | null): unknown {
  if (!(error instanceof ModelError) || error.code !== 'model_not_found' || grading_model === null)
    return error;
  return new ModelError(
    error.code,
    'The model provider does not know the grading model (404). Check knowledge.grading_model.',
    error.retry,
    { cause: error.cause },
  );
}
