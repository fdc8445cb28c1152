import type { BaseMessage } from '@langchain/core/messages';
import type { AgentConfiguration } from '@roost/contracts';
import type { AgentState } from './agent.state';
import { isStep } from './run.steps';
import { summarizedCount } from './thread.summary';

/** Messages shown beyond the depth of the memory, because no summary holds them yet. */
const BEYOND_MAX = 40;

/**
 * The messages the model is shown: those being answered, from `first_message_id` to `message_id`, after at most
 * `depth` earlier ones. It never begins with an answer whose question has been forgotten: some models refuse such a
 * conversation. Steps that a failed run has left behind are no part of it.
 *
 * With a running summary it holds what is not in there yet, too, up to {@link BEYOND_MAX} more messages: one that could
 * not be brought up to date leaves no gap.
 */
export function memoryWindow(
  { messages, summary }: Pick<AgentState, 'messages' | 'summary'>,
  { enabled, depth, summarize = false }: AgentConfiguration['memory'],
  message_id: string,
  first_message_id = message_id,
): BaseMessage[] {
  const said = messages.filter((message) => !isStep(message));
  const current = said.findIndex(({ id }) => id === message_id);
  const first = said.findIndex(({ id }) => id === first_message_id);
  const recent = enabled ? depth : 0;
  const shown =
    enabled && summarize
      ? Math.min(Math.max(recent, first - summarizedCount(said, summary)), recent + BEYOND_MAX)
      : recent;
  const window = said.slice(Math.max(0, first - shown), current + 1);
  return window.slice(window.findIndex((message) => message.type === 'human'));
}
