import { ApiExtraModels, PartialType } from '@nestjs/swagger';
import {
  chatAccess,
  type ChatAccess,
  COLLECT_PAUSE_MS_DEFAULT,
  defaultRunLimits,
  type ModelProvider,
  modelProviders,
  type OnBusy,
  onBusyModes,
} from '../agent-configuration';
import type { AgentTool } from '../agent-tool';
import { ToolDto, toolDtos } from './agent-tool.dto';
import { KnowledgeSettingsDto } from './knowledge-settings.dto';
import {
  BooleanField,
  EnumField,
  IntegerField,
  NestedField,
  NumberField,
  ObjectField,
  ReservedListField,
  StringField,
  UnionListField,
  UrlField,
} from './field.decorators';

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

export class MemoryDto {
  @BooleanField({
    description: 'Whether the agent remembers earlier messages of the thread.',
    example: true,
    default: true,
  })
  enabled!: boolean;

  @IntegerField({
    description: 'How many earlier messages it remembers.',
    example: 20,
    min: 1,
    max: 200,
    default: 20,
  })
  depth!: number;

  @BooleanField({
    description:
      'Whether it keeps facts about a user beyond the thread: `remember_fact` and `forget_fact` become tools of it, for users whom a trusted party vouched for. `GET` and `DELETE /users/{external_user_id}` list and erase.',
    example: true,
    default: false,
  })
  long_term?: boolean;
}

export class LimitsDto {
  @IntegerField({
    description: 'Memory of the runner, in MiB.',
    example: 512,
    min: 96,
    max: 65_536,
    default: 512,
  })
  memory_mb!: number;

  @NumberField({
    description: 'Processor share of the runner, in cores.',
    example: 0.5,
    min: 0.05,
    max: 64,
    default: 1,
  })
  cpus!: number;

  @IntegerField({
    description: 'Processes and threads of the runner.',
    example: 128,
    min: 32,
    max: 4_096,
    default: 128,
  })
  pids!: number;

  @IntegerField({
    description: 'Questions to the model for one answer; more ends the run.',
    example: 12,
    min: 1,
    max: 100,
    default: defaultRunLimits.steps_per_run,
  })
  steps_per_run?: number;

  @IntegerField({
    description: 'Calls of tools for one answer; more ends the run.',
    example: 40,
    min: 1,
    max: 500,
    default: defaultRunLimits.tool_calls_per_run,
  })
  tool_calls_per_run?: number;

  @IntegerField({
    description:
      'Seconds one answer may take, tools and knowledge included; more ends the run. A run that goes on after its runner was lost begins to count anew.',
    example: 120,
    min: 1,
    max: 3_600,
    default: defaultRunLimits.seconds_per_run,
  })
  seconds_per_run?: number;

  @IntegerField({
    description:
      'Tokens of one answer, of all kinds of calls, as the provider counts them; once they are used up the model is not asked again and the run ends.',
    example: 50_000,
    min: 1,
    max: 100_000_000,
    default: defaultRunLimits.tokens_per_run,
  })
  tokens_per_run?: number;

  @IntegerField({
    description:
      'Tokens the agent may spend a day (UTC), of all kinds; looked at before each question to a model. Null: no budget.',
    example: 2_000_000,
    min: 1,
    max: 1_000_000_000_000,
    nullable: true,
  })
  tokens_per_day?: number | null;
}

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
@ApiExtraModels(...Object.values(toolDtos))
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

  @ReservedListField({
    description: 'Messengers the agent is connected to. No integration type is available yet.',
    example: [],
    default: [],
    message: 'no integration type is available yet; leave the list empty',
  })
  integrations!: never[];

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
