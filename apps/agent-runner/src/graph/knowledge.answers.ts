import { ToolMessage } from '@langchain/core/messages';
import type { KnowledgeSearch } from './knowledge.search';

/** Tells the model what came of its calls, when no answer is generated from what they found. */
export const callAnswers = (
  { calls }: KnowledgeSearch,
  content: string,
  status: 'success' | 'error' = 'success',
): ToolMessage[] =>
  calls.map(
    ({ call_id, name, answer_id }) =>
      new ToolMessage({ id: answer_id, tool_call_id: call_id, name, content, status }),
  );
