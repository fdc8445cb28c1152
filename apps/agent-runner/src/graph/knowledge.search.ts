import type { AgentConfiguration, KnowledgeBaseTool, RetrievedChunk, TokenUsage } from '@roost/contracts';
import type { ToolTask } from './agent.state';

/** Queries that one call may make. */
export const QUERIES_MAX = 3;
export const QUERY_LENGTH_MAX = 500;

/** One thing looked for, in the words tried so far. */
export interface SearchPart {
  /** The tools whose knowledge it is looked for in. */
  tools: string[];
  /** The last one is the current one. */
  queries: string[];
  /** Something relevant was found. */
  answered: boolean;
}

export interface FoundChunk {
  chunk: RetrievedChunk;
  /** The parts, by index, whose queries brought it. */
  parts: number[];
}

/** A search of one run in the knowledge bases, kept in the state until the reply stands. */
export interface KnowledgeSearch {
  message_id: string;
  /** The model's calls that wait for it; none when it was begun before the model was asked. */
  calls: Pick<ToolTask, 'call_id' | 'name' | 'answer_id'>[];
  /** Calls of other tools were made in the same step. */
  is_mixed: boolean;
  parts: SearchPart[];
  /** Not judged yet. */
  fresh: FoundChunk[];
  relevant: FoundChunk[];
  /** Chunk ids. They are kept without their text, so that none is judged twice. */
  rejected: string[];
  /** What the run had cost by then. */
  spent: TokenUsage[];
}

export const knowledgeTools = ({ tools }: Pick<AgentConfiguration, 'tools'>): KnowledgeBaseTool[] =>
  tools.filter((tool) => tool.type === 'knowledge_base');

/** The queries of a call, null when it has none: models write lists, single texts and other names. */
export function queriesOf(args: unknown): string[] | null {
  if (typeof args !== 'object' || args === null) return null;
  const { queries, query } = args as { queries?: unknown; query?: unknown };
  const given: unknown[] = Array.isArray(queries) ? queries : [queries ?? query];
  const texts = given.flatMap((text) => (typeof text === 'string' && text.trim() !== '' ? [text] : []));
  return texts.length > 0 ? cleaned(texts) : null;
}

/** At most three different queries of a bearable length. */
export function cleaned(queries: string[]): string[] {
  const texts = queries.map((query) => query.replace(/\s+/g, ' ').trim().slice(0, QUERY_LENGTH_MAX));
  return [...new Set(texts)].filter((text) => text !== '').slice(0, QUERIES_MAX);
}

export const begunSearch = (
  message_id: string,
  parts: Pick<SearchPart, 'tools' | 'queries'>[],
  calls: KnowledgeSearch['calls'] = [],
  is_mixed = false,
): KnowledgeSearch => ({
  message_id,
  calls,
  is_mixed,
  parts: parts.map((part) => ({ ...part, answered: false })),
  fresh: [],
  relevant: [],
  rejected: [],
  spent: [],
});

/** Takes in what the current queries of the open parts have brought: each chunk once. */
export function withFound(search: KnowledgeSearch, found: FoundChunk[]): KnowledgeSearch {
  const relevant = search.relevant.map((known) => ({ ...known, parts: [...known.parts] }));
  const fresh = new Map(search.fresh.map((known) => [known.chunk.chunk_id, { ...known }]));
  const rejected = new Set(search.rejected);
  for (const { chunk, parts } of found) {
    const known =
      relevant.find((other) => other.chunk.chunk_id === chunk.chunk_id) ?? fresh.get(chunk.chunk_id);
    if (known) known.parts = [...new Set([...known.parts, ...parts])];
    else if (!rejected.has(chunk.chunk_id)) fresh.set(chunk.chunk_id, { chunk, parts });
  }
  return { ...search, relevant, fresh: [...fresh.values()] };
}

/** Takes in which of the fresh chunks are relevant. */
export function withGrades(search: KnowledgeSearch, isRelevant: boolean[]): KnowledgeSearch {
  const relevant = [
    ...search.relevant,
    ...search.fresh.filter((_found, index) => isRelevant[index] === true),
  ];
  const rejected = search.fresh.filter((_found, index) => isRelevant[index] !== true);
  const answered = new Set(relevant.flatMap(({ parts }) => parts));
  return {
    ...search,
    fresh: [],
    relevant,
    rejected: [...search.rejected, ...rejected.map(({ chunk }) => chunk.chunk_id)],
    parts: search.parts.map((part, index) => ({ ...part, answered: answered.has(index) })),
  };
}

/** The parts, by index, that found nothing yet and may be put in other words. */
export const openParts = (search: KnowledgeSearch, tools: KnowledgeBaseTool[]): number[] =>
  search.parts.flatMap((part, index) => {
    const { rewrite_attempts } = scopeOf(part, tools);
    return !part.answered && part.queries.length <= rewrite_attempts ? [index] : [];
  });

/** Where a part is looked for, and how hard. */
export function scopeOf(
  { tools: names }: Pick<SearchPart, 'tools'>,
  tools: KnowledgeBaseTool[],
): Pick<KnowledgeBaseTool, 'knowledge_base_ids' | 'retrieval_limit' | 'rewrite_attempts'> {
  const used = tools.filter(({ name }) => names.includes(name));
  return {
    knowledge_base_ids: [...new Set(used.flatMap(({ knowledge_base_ids }) => knowledge_base_ids))],
    retrieval_limit: Math.max(1, ...used.map(({ retrieval_limit }) => retrieval_limit)),
    rewrite_attempts: Math.max(0, ...used.map(({ rewrite_attempts }) => rewrite_attempts)),
  };
}
