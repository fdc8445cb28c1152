import { AIMessage, type BaseMessage } from '@langchain/core/messages';
import type { TokenUsage } from '@roost/contracts';

/** The reply to a message has an id of its own that every attempt knows. */
export const replyId = (message_id: string): string => `${message_id}:reply`;
export const stepId = (message_id: string, step: number): string => `${message_id}:step:${step}`;
export const toolAnswerId = (message_id: string, step: number, position: number): string =>
  `${message_id}:tool:${step}:${position}`;
/** The model's answer is stored before its calls are made, so a repeated call finds itself at the same place. */
export const idempotencyKey = (message_id: string, step: number, position: number): string =>
  `${message_id}:${step}:${position}`;

const STEP = /:(?:step|tool):/;

/** Something said or found out on the way to a reply; forgotten once that stands. */
export const isStep = ({ id }: BaseMessage): boolean => id !== undefined && STEP.test(id);

/** What one run has done so far. */
export class RunSteps {
  /** The model's answers that called tools, and what the tools answered. */
  readonly messages: BaseMessage[];
  private readonly asked: AIMessage[];

  constructor(messages: BaseMessage[], message_id: string) {
    this.messages = messages.filter((message) => isStep(message) && message.id?.startsWith(`${message_id}:`));
    this.asked = this.messages.filter((message) => message instanceof AIMessage);
  }

  get count(): number {
    return this.asked.length;
  }

  get tool_calls(): number {
    return this.asked.reduce((sum, { tool_calls = [] }) => sum + tool_calls.length, 0);
  }

  /** What the model said beside its calls: the beginning of the reply. */
  get text(): string {
    return joined(this.asked.map(({ text }) => text));
  }

  /** What the run had cost by then, after each of the model's answers. */
  get spent(): (TokenUsage[] | undefined)[] {
    return this.asked.map(({ response_metadata }) => response_metadata['spent'] as TokenUsage[] | undefined);
  }
}

/** Stands between what the model said before a call of a tool and after it. */
export const STEP_BREAK = '\n\n';

export const joined = (texts: string[]): string => texts.filter((text) => text !== '').join(STEP_BREAK);
