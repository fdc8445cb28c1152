import type { KnowledgeBaseTool } from '@roost/contracts';
import { QUERIES_MAX, QUERY_LENGTH_MAX } from '../graph/knowledge.search';
import type { Tool } from './tool';
import { definition, type ToolBuilder } from './tool.builder';

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

/** The graph itself looks things up and judges them; only a call without a query comes here. */
const withoutQuery: Tool = {
  call: () => Promise.resolve({ ok: false, content: 'Send at least one query.' }),
};

/** Tells the model what it can look up. */
export const knowledgeBaseTool: ToolBuilder<KnowledgeBaseTool> = ({ name, description }) =>
  Promise.resolve([{ definition: definition(name, description, parameters), tool: withoutQuery }]);
