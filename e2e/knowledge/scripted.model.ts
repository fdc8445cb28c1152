import { type ChatCompletionRequest, getTextContent } from '@copilotkit/aimock';
import type { ModelStub } from '@roost/devstack';

type Said = { content: string } | { toolCalls: { id: string; name: string; arguments: string }[] };

/** What the model does at each turn of a search; what is not given is answered sensibly. */
export interface Script {
  /** Of the agent, before anything was looked up. */
  agent?: (said: string) => Said;
  /** Whether a passage answers the question. */
  isRelevant?: (passage: string) => boolean;
  rewrite?: string;
  generate?: (prompt: string) => string;
}

export const looksUp = (...queries: string[]): Said => ({
  toolCalls: [{ id: 'call_search', name: 'search_handbook', arguments: JSON.stringify({ queries }) }],
});

const textOf = (request: ChatCompletionRequest, at: number): string =>
  getTextContent(request.messages.at(at)?.content ?? '') ?? '';

/** Plays a model that looks things up; it is told apart by its instructions what it is asked for. */
export function scriptModel(model: ModelStub, script: Script): void {
  model.aimock.prependFixture({
    match: { endpoint: 'chat', predicate: () => true },
    response: (request: ChatCompletionRequest): Said => {
      const instructions = textOf(request, 0);
      const said = textOf(request, -1);
      if (instructions.includes('You decide how an assistant handles'))
        return { content: JSON.stringify({ action: 'search', queries: [said.slice(0, 200)] }) };
      if (instructions.includes('You judge whether a passage')) {
        const passage = /<source[^>]*>\n([\s\S]*)\n<\/source>/.exec(said)?.[1] ?? '';
        return { content: JSON.stringify({ relevant: script.isRelevant?.(passage) ?? true }) };
      }
      if (instructions.includes('Put the query in other words'))
        return { content: JSON.stringify({ query: script.rewrite ?? 'other words' }) };
      if (instructions.includes('Answer from the sources'))
        return { content: script.generate?.(said) ?? 'It says so [1].' };
      if (instructions.includes('holds nothing on it'))
        return { content: 'The knowledge base does not say.' };
      return script.agent?.(said) ?? looksUp(said.slice(0, 200));
    },
  });
}
