import type { KnowledgeBaseTool } from '@roost/contracts';
import { QUERIES_MAX, QUERY_LENGTH_MAX } from '../graph/knowledge.search';
import { KnowledgeClient, KnowledgeError } from '../knowledge/knowledge.client';
import { type Tool, ToolUnavailableError } from './tool';
import { definition, type ToolBuilder, type ToolServices } from './tool.builder';

const parameters = {
  type: 'object',
  properties: {
    queries: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: QUERY_LENGTH_MAX },
      minItems: 1,
      maxItems: QUERIES_MAX,
      description:
        'What to look up, each a question or phrase that stands alone. One for a simple question; split one that needs several facts.',
    },
  },
  required: ['queries'],
  additionalProperties: false,
};

/** The graph itself looks things up and judges them; a call comes here to be tried, or without a query. */
const lookup = (
  { knowledge_base_ids, retrieval_limit }: KnowledgeBaseTool,
  { manager, runtime }: ToolServices,
): Tool => ({
  call: async ({ queries }, { asker, signal, idempotency_key }) => {
    const knowledge = new KnowledgeClient(manager);
    const asked = Array.isArray(queries) ? queries.map(String).filter((query) => query.trim() !== '') : [];
    if (asked.length === 0) return { ok: false, content: 'Send at least one query.' };
    const found = await Promise.all(
      asked.map((query) =>
        knowledge
          .search(
            {
              version: runtime.version,
              knowledge_base_ids,
              query,
              limit: retrieval_limit,
              message_id: asker.message_id ?? idempotency_key,
            },
            signal,
          )
          .catch(unavailable),
      ),
    );
    const passages = found.flatMap(({ results }) => results).map(({ title, text }) => `${title}: ${text}`);
    return { ok: true, content: passages.length > 0 ? passages.join('\n\n') : 'Nothing was found.' };
  },
});

function unavailable(error: unknown): never {
  throw error instanceof KnowledgeError ? new ToolUnavailableError(error.message, { cause: error }) : error;
}

/** Tells the model what it can look up. */
export const knowledgeBaseTool: ToolBuilder<KnowledgeBaseTool> = (tool, services) =>
  Promise.resolve([
    { definition: definition(tool.name, tool.description, parameters), tool: lookup(tool, services) },
  ]);
