import { type ChatCompletionRequest, getTextContent, type LLMock } from '@copilotkit/aimock';
import type { KnowledgeBaseTool, RetrievedChunk } from '@roost/contracts';

/** A tool with everything a stored one has; `changes` wins. */
export const knowledgeTool = (changes: Partial<KnowledgeBaseTool> = {}): KnowledgeBaseTool => ({
  type: 'knowledge_base',
  name: 'search_handbook',
  description: 'The handbook.',
  knowledge_base_ids: ['kb_one'],
  retrieval_limit: 5,
  rewrite_attempts: 2,
  ...changes,
});

export const chunk = (
  chunk_id: string,
  text: string,
  changes: Partial<RetrievedChunk> = {},
): RetrievedChunk => ({
  knowledge_base_id: 'kb_one',
  document_id: `doc_${chunk_id}`,
  title: `Document ${chunk_id}`,
  chunk_id,
  position: 0,
  text,
  score: 1,
  source_url: null,
  ...changes,
});

type Said = { content: string } | { toolCalls: { id: string; name: string; arguments: string }[] };
type Answer = Said | Promise<Said>;

/** What each kind of question is answered with; those not given are answered sensibly. */
export interface KnowledgeModel {
  /** Of the agent, before anything was looked up. */
  agent?: (request: ChatCompletionRequest) => Answer;
  route?: (request: ChatCompletionRequest) => Answer;
  grade?: (passage: string, request: ChatCompletionRequest) => Answer;
  rewrite?: (request: ChatCompletionRequest) => Answer;
  generate?: (request: ChatCompletionRequest) => Answer;
  abstain?: (request: ChatCompletionRequest) => Answer;
}

export const looksUp = (...queries: string[]): Said => ({
  toolCalls: [{ id: 'call_search', name: 'search_handbook', arguments: JSON.stringify({ queries }) }],
});
export const json = (value: object): Said => ({ content: JSON.stringify(value) });

export const textOf = (request: ChatCompletionRequest): string =>
  getTextContent(request.messages.at(-1)?.content ?? '') ?? '';
export const promptOf = (request: ChatCompletionRequest): string =>
  getTextContent(request.messages[0]?.content ?? '') ?? '';

/** Which kind of question a request is, by what the prompt asks for. */
export function kindOf(request: ChatCompletionRequest): keyof KnowledgeModel {
  const prompt = promptOf(request);
  if (prompt.includes('You decide how an assistant handles')) return 'route';
  if (prompt.includes('You judge whether a passage')) return 'grade';
  if (prompt.includes('Put the query in other words')) return 'rewrite';
  if (prompt.includes('Answer from the sources')) return 'generate';
  if (prompt.includes('holds nothing on it')) return 'abstain';
  return 'agent';
}

/** The model judges passages that hold the word "relevant" as such, and cites the first source. */
export function scriptKnowledge(model: LLMock, script: KnowledgeModel): void {
  model.prependFixture({
    match: { endpoint: 'chat', predicate: () => true },
    response: (request: ChatCompletionRequest) => {
      switch (kindOf(request)) {
        case 'route':
          return script.route?.(request) ?? json({ action: 'search', queries: ['routed'] });
        case 'grade': {
          const passage = /<source[^>]*>\n([\s\S]*)\n<\/source>/.exec(textOf(request))?.[1] ?? '';
          return script.grade?.(passage, request) ?? json({ relevant: passage.includes('relevant') });
        }
        case 'rewrite':
          return script.rewrite?.(request) ?? json({ query: 'rewritten' });
        case 'generate':
          return script.generate?.(request) ?? { content: 'Found it [1].' };
        case 'abstain':
          return script.abstain?.(request) ?? { content: 'The knowledge base does not say.' };
        case 'agent':
          return script.agent?.(request) ?? looksUp('first');
      }
    },
  });
}

/** How often the model was asked what. */
export function questionsTo(model: LLMock): Partial<Record<keyof KnowledgeModel, number>> {
  const counts: Partial<Record<keyof KnowledgeModel, number>> = {};
  for (const request of requestsTo(model)) {
    const kind = kindOf(request);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

export const requestsTo = (model: LLMock, kind?: keyof KnowledgeModel): ChatCompletionRequest[] =>
  model
    .getRequests()
    .map(({ body }) => body as ChatCompletionRequest)
    .filter((request) => kind === undefined || kindOf(request) === kind);
