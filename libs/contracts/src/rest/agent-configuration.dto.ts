import { ApiExtraModels, PartialType } from '@nestjs/swagger';
import {
  chatAccess,
  type ChatAccess,
  COLLECT_PAUSE_MS_DEFAULT,
  type OnBusy,
  onBusyModes,
} from '../agent-configuration';
import type { AgentTool } from '../agent-tool';
import { type Integration, integrationTypes } from '../integration';
import { ToolDto, toolDtos } from './agent-tool.dto';
import { IntegrationDto, integrationDtos } from './integration.dto';
import { KnowledgeSettingsDto } from './knowledge-settings.dto';
import { LimitsDto } from './limits.dto';
import { MemoryDto } from './memory.dto';
import { ModelDto } from './model.dto';
import {
  BooleanField,
  EnumField,
  IntegerField,
  NestedField,
  ObjectField,
  StringField,
  UnionListField,
} from './field.decorators';

export class AccessDto {
  @EnumField({
    description:
      '`private`: a credential is needed to chat. `public`: anybody who reaches the sockets may chat.',
    example: 'private',
    values: chatAccess,
    default: 'private',
  })
  chat!: ChatAccess;
}

/** What an operator says of an agent. Each change makes a new version. */
@ApiExtraModels(...Object.values(toolDtos), ...Object.values(integrationDtos))
export class AgentConfigurationDto {
  @StringField({
    description: 'What people call the agent.',
    example: 'Opening hours',
    min: 1,
    max: 120,
    pattern: /\S/,
    patternMessage: '$property must hold more than white space',
  })
  name!: string;

  @StringField({
    description: 'What it is for, for the people who run it.',
    example: 'Answers callers.',
    max: 2_000,
    default: '',
  })
  description!: string;

  @BooleanField({
    description: 'A disabled agent is stopped and refuses messages.',
    example: true,
    default: true,
  })
  enabled!: boolean;

  @NestedField(() => ModelDto, {
    description: 'The language model.',
    example: { provider: 'openai', name: 'gpt-4.1-mini' },
  })
  model!: ModelDto;

  @StringField({
    description: 'What the model is told before each conversation.',
    example: 'You answer questions about our shop.',
    max: 100_000,
    default: 'You are a helpful assistant.',
  })
  system_prompt!: string;

  @BooleanField({ description: 'Answer in the language the user writes in.', example: true, default: true })
  answer_in_user_language!: boolean;

  @BooleanField({ description: 'Let the model use Markdown.', example: true, default: true })
  use_markdown!: boolean;

  @NestedField(() => MemoryDto, {
    description: 'Memory within a thread.',
    example: { enabled: true, depth: 20 },
    default: {},
  })
  memory!: MemoryDto;

  @UnionListField({
    description: 'What the agent may do besides talking.',
    example: [
      {
        type: 'http_request',
        name: 'find_order',
        description: 'Finds an order by its number.',
        url: 'https://shop.example/orders/{order_id}',
        parameters: {
          type: 'object',
          properties: { order_id: { type: 'string' } },
          required: ['order_id'],
        },
      },
    ],
    default: [],
    max: 64,
    unique: ({ name }: ToolDto & { name?: string }) => name,
    otherwise: ToolDto,
    types: toolDtos,
  })
  tools!: AgentTool[];

  @ObjectField({
    description:
      'Secrets for `{secret.name}` in tools, by name. Stored encrypted, never returned: `secret_names` says which there are. A patch adds and replaces; null removes one.',
    example: { shop_token: 'tok-…' },
    optional: true,
    writeOnly: true,
  })
  secrets?: Record<string, string | null>;

  @NestedField(() => KnowledgeSettingsDto, {
    description: 'How knowledge bases are used, by agents with a tool of type `knowledge_base`.',
    example: { limit_to_knowledge_base: true, grading_model: 'gpt-4.1-nano' },
    default: {},
  })
  knowledge?: KnowledgeSettingsDto;

  @UnionListField({
    description: 'Messengers the agent is connected to, at most one of each type.',
    example: [{ type: 'telegram', bot_token: '123456:AA…' }],
    default: [],
    max: integrationTypes.length,
    unique: ({ type }: IntegrationDto) => type,
    uniqueMessage: 'there may be one of each type',
    otherwise: IntegrationDto,
    types: integrationDtos,
  })
  integrations!: Integration[];

  @NestedField(() => LimitsDto, {
    description: 'Limits: of the runner, where a change applies at the next start, and of each run.',
    example: { memory_mb: 512, cpus: 1, pids: 128 },
    default: {},
  })
  limits!: LimitsDto;

  @IntegerField({
    description:
      'Seconds without a message after which the agent goes to sleep; null takes the service default.',
    example: 900,
    min: 1,
    max: 604_800,
    nullable: true,
  })
  inactivity_timeout!: number | null;

  @NestedField(() => AccessDto, {
    description: 'Who may talk to it.',
    example: { chat: 'private' },
    default: {},
  })
  access!: AccessDto;

  @EnumField({
    description:
      'What becomes of a message to a thread that still owes an answer. `enqueue`: it waits its turn. `reject`: it is refused with `thread_busy`. `interrupt`: what came before is cancelled, what was said of it is kept. `collect`: messages are joined until none comes for `collect_pause_ms`, and get one reply.',
    example: 'enqueue',
    values: onBusyModes,
    default: 'enqueue',
  })
  on_busy!: OnBusy;

  @IntegerField({
    description: 'The pause that ends a collection, in milliseconds; only for `on_busy: collect`.',
    example: 1_500,
    min: 100,
    max: 30_000,
    default: COLLECT_PAUSE_MS_DEFAULT,
  })
  collect_pause_ms!: number;
}

/** A JSON merge patch (RFC 7396) of the configuration, but null is a value: it never removes a field. */
export class PatchAgentDto extends PartialType(AgentConfigurationDto) {}
