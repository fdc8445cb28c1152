import type { KnowledgeSettings } from '../agent-configuration';
import { BooleanField, StringField } from './field.decorators';

export class KnowledgeSettingsDto implements KnowledgeSettings {
  @BooleanField({
    description:
      'Answers rest on the knowledge bases alone: what they do not hold, the agent says it does not know. Small talk and talk about the conversation stay possible; a `web_search` tool is switched off. Without a `knowledge_base` tool it does nothing.',
    example: true,
    default: false,
  })
  limit_to_knowledge_base!: boolean;

  @StringField({
    description:
      "A cheaper model of the same provider that judges what was found and rewrites queries; null takes the agent's own.",
    example: 'gpt-4.1-nano',
    min: 1,
    max: 200,
    nullable: true,
  })
  grading_model!: string | null;
}
