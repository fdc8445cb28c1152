import type { BaseMessage } from '@langchain/core/messages';
import type { AgentConfiguration } from '@roost/contracts';
import { isStep } from './run.steps';

/**
 * The messages the model is shown: those being answered, from `first_message_id` to `message_id`, after at most
 * `depth` earlier ones. It never begins with an answer whose question has been forgotten: some models refuse such a
 * conversation. Steps that a failed run has left behind are no part of it.
 */
export function memoryWindow(
  messages: BaseMessage[],
  message_id: string,
  { enabled, depth }: AgentConfiguration['memory'],
  first_message_id = message_id,
): BaseMessage[] {
  const said = messages.filter((message) => !isStep(message));
  const current = said.findIndex(({ id }) => id === message_id);
  const first = said.findIndex(({ id }) => id === first_message_id);
  const recent = said.slice(Math.max(0, first - (enabled ? depth : 0)), current + 1);
  return recent.slice(recent.findIndex((message) => message.type === 'human'));
}
