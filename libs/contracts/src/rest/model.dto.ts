import { type ModelProvider, modelProviders } from '../agent-configuration';
import { EnumField, IntegerField, NumberField, StringField, UrlField } from './field.decorators';

export class ModelDto {
  @EnumField({
    description:
      'Who serves the model, over the OpenAI protocol. All but `openai` and `openrouter` need a `base_url`.',
    example: 'openai',
    values: modelProviders,
    default: 'openai',
  })
  provider!: ModelProvider;

  @StringField({
    description: 'The model, as its provider names it.',
    example: 'gpt-4.1-mini',
    min: 1,
    max: 200,
  })
  name!: string;

  @UrlField({
    description:
      "Another OpenAI-compatible endpoint. It never gets the operator's key, so it needs an `api_key` of its own.",
    example: 'https://openrouter.ai/api/v1',
    nullable: true,
  })
  base_url!: string | null;

  @StringField({
    description: "The agent's own provider key. Stored encrypted, never returned; null removes it.",
    example: 'sk-…',
    min: 1,
    max: 500,
    optional: true,
    writeOnly: true,
  })
  api_key?: string;

  @NumberField({ description: 'Randomness of the answers.', example: 0.2, min: 0, max: 2, default: 0.7 })
  temperature!: number;

  @IntegerField({
    description: 'The longest answer, in tokens; null leaves it to the provider.',
    example: 1024,
    min: 1,
    max: 1_000_000,
    nullable: true,
  })
  max_tokens!: number | null;
}
