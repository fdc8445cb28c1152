import { AIMessage, type BaseMessage, RemoveMessage } from '@langchain/core/messages';
import type { Citation, TokenUsage } from '@roost/contracts';
import type { AgentState } from './agent.state';
import type { ModelReply } from './model.call';
import type { RunContext } from './run.context';
import { isStep, joined, replyId, type RunSteps, STEP_BREAK } from './run.steps';

/** What is kept beside the text of a reply, so that a report that got lost can be repeated. */
export interface ReplyMetadata {
  usage: ModelReply['usage'];
  token_usage: TokenUsage[];
  citations?: Citation[];
  interrupted?: true;
}

/** Keeps the reply, and forgets the steps to it and what no later run would show the model. */
export function remembered(
  { messages, search }: AgentState,
  window: BaseMessage[],
  steps: RunSteps,
  { message_id, meter }: RunContext,
  { content, citations = [] }: { content: string; citations?: Citation[] },
): Partial<AgentState> {
  const metadata: ReplyMetadata = {
    usage: meter.total,
    token_usage: meter.entries,
    ...(citations.length > 0 ? { citations } : {}),
  };
  const reply = new AIMessage({
    id: replyId(message_id),
    content: joined([steps.text, content]),
    response_metadata: { ...metadata },
  });
  const first = messages.findIndex(({ id }) => id === window[0]?.id);
  const forgotten = messages.filter((message, index) => index < first || isStep(message));
  return {
    messages: [...forgotten.flatMap(({ id }) => (id ? [new RemoveMessage({ id })] : [])), reply],
    ...(search ? { search: null } : {}),
  };
}

/** Text of a further step begins a paragraph of its own. */
export function afterBreak(spokeBefore: boolean, onToken: RunContext['onToken']): RunContext['onToken'] {
  let isFirst = spokeBefore;
  return (text) => {
    const begun = isFirst ? `${STEP_BREAK}${text}` : text;
    isFirst = false;
    return onToken(begun);
  };
}
