import { AgentDto } from './agent.dto';
import { ItemsField, NestedField, ObjectField, StringField } from './field.decorators';

export class ImportAgentDto {
  @ObjectField({
    description: 'The configuration as the Python service kept it, with `simple.settings`.',
    example: {
      simple: {
        settings: {
          model: { provider: 'openai', modelId: 'gpt-4.1-mini', systemPrompt: 'You answer callers.' },
          tools: [{ type: 'webSearch', searchLimit: 5 }],
        },
      },
    },
  })
  config!: Record<string, unknown>;

  @StringField({
    description: 'What people call the agent; absent, what the configuration calls it.',
    example: 'Opening hours',
    min: 1,
    max: 120,
    optional: true,
  })
  name?: string;

  @ObjectField({
    description: 'What the knowledge bases of the former service are here: its id to ours.',
    example: { '17': 'kb_3nX0vQ8yZrT5bKcW1mJdLe' },
    default: {},
  })
  knowledge_bases!: Record<string, unknown>;

  @ObjectField({
    description: 'Fields of the agent as `POST /agents` takes them; they win over what was imported.',
    example: { model: { base_url: 'https://openrouter.ai/api/v1', api_key: 'sk-…' } },
    default: {},
  })
  overrides!: Record<string, unknown>;
}

export class LeftOutDto {
  @StringField({
    description: 'Where in what was sent.',
    example: 'config.simple.settings.integrations.0',
    max: 500,
  })
  path!: string;

  @StringField({
    description: 'Why, and what to do about it.',
    example: 'the integration telegram was left out: connect it anew',
    max: 2_000,
  })
  reason!: string;
}

export class ImportedAgentDto {
  @NestedField(() => AgentDto, { description: 'The agent that was made.', example: {} })
  agent!: AgentDto;

  @ItemsField(() => LeftOutDto, { description: 'What it does not have, or has otherwise.', example: [] })
  left_out!: LeftOutDto[];
}
