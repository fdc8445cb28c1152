import { usageKinds, type UsageKind } from '../usage';
import { EnumField, IntegerField, ItemsField, NumberField, StringField } from './field.decorators';
import { PageQueryDto } from './page.dto';

const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const isADay = { pattern: DAY, patternMessage: '$property must be a day such as 2026-01-31' };

export class UsageQueryDto extends PageQueryDto {
  @StringField({
    description: 'The first day (UTC).',
    example: '2026-01-01',
    max: 10,
    optional: true,
    ...isADay,
  })
  from?: string;

  @StringField({
    description: 'The last day (UTC).',
    example: '2026-01-31',
    max: 10,
    optional: true,
    ...isADay,
  })
  to?: string;

  @StringField({
    description: 'Of this agent alone.',
    example: 'agent_opening_hours_x7k2',
    max: 64,
    optional: true,
  })
  agent_id?: string;
}

const TOKENS = { min: 0, max: Number.MAX_SAFE_INTEGER };

export class UsageDto {
  @StringField({ description: 'The day (UTC).', example: '2026-01-31', max: 10 })
  day!: string;

  @StringField({
    description: 'The agent; it may have been deleted since.',
    example: 'agent_opening_hours_x7k2',
    max: 64,
  })
  agent_id!: string;

  @StringField({ description: 'As its provider names it.', example: 'gpt-4.1-mini', max: 200 })
  model!: string;

  @EnumField({ description: 'What the calls were for.', example: 'agent', values: usageKinds })
  kind!: UsageKind;

  @IntegerField({ description: 'Calls of the model.', example: 12, ...TOKENS })
  calls!: number;

  @IntegerField({ description: 'Tokens sent to it.', example: 4_200, ...TOKENS })
  input_tokens!: number;

  @IntegerField({ description: 'Tokens it answered with.', example: 900, ...TOKENS })
  output_tokens!: number;

  @NumberField({
    description: "At today's price list (`GET /prices`); null for a model that is not in it.",
    example: 0.0031,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
  })
  cost!: number | null;
}

export class UsagePageDto {
  @ItemsField(() => UsageDto, {
    description: 'Newest day first, then by agent, model and kind.',
    example: [],
  })
  items!: UsageDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;

  @StringField({ description: 'Of all costs.', example: 'USD', max: 3 })
  currency!: string;
}

export class PriceDto {
  @StringField({ description: 'As its provider names it.', example: 'gpt-4.1-mini', min: 1, max: 200 })
  model!: string;

  @NumberField({ description: 'Of a million tokens sent to it.', example: 0.4, min: 0, max: 1_000_000 })
  input_per_million!: number;

  @NumberField({
    description: 'Of a million tokens it answers with.',
    example: 1.6,
    min: 0,
    max: 1_000_000,
    default: 0,
  })
  output_per_million!: number;
}

/** The price list, as it is read and as it is replaced. */
export class PriceListDto {
  @StringField({
    description: 'ISO 4217.',
    example: 'USD',
    max: 3,
    pattern: /^[A-Z]{3}$/,
    patternMessage: '$property must be three capital letters such as USD',
    default: 'USD',
  })
  currency!: string;

  @ItemsField(() => PriceDto, {
    description: 'At most 1,000 models, each once.',
    example: [{ model: 'gpt-4.1-mini', input_per_million: 0.4, output_per_million: 1.6 }],
  })
  items!: PriceDto[];
}
