import { agentStates, type AgentState, type FailureReason, failureReasons } from '../status';
import { AgentConfigurationDto } from './agent-configuration.dto';
import {
  EnumField,
  IntegerField,
  ItemsField,
  NestedField,
  StringField,
  StringListField,
  TimeField,
} from './field.decorators';

const AGENT_ID = { description: 'The agent.', example: 'agent_opening_hours_x7k2', max: 64 };

export class AgentStatusDto {
  @StringField(AGENT_ID)
  agent_id!: string;

  @EnumField({
    description: '`stopped` means asleep: the next message wakes the agent.',
    example: 'running',
    values: agentStates,
  })
  state!: AgentState;

  @EnumField({ description: 'Why it is `failed`.', example: null, values: failureReasons, nullable: true })
  reason!: FailureReason | null;

  @StringField({
    description: 'What happened, and what to do about it.',
    example: null,
    max: 2_000,
    nullable: true,
  })
  detail!: string | null;

  @IntegerField({
    description: 'How often the agent has been started.',
    example: 3,
    min: 0,
    max: 2 ** 31 - 1,
  })
  generation!: number;

  @IntegerField({
    description: 'The current version of the configuration.',
    example: 2,
    min: 1,
    max: 2 ** 31 - 1,
  })
  version!: number;

  @IntegerField({
    description: 'The version the running instance last used; null while none runs.',
    example: 2,
    min: 1,
    max: 2 ** 31 - 1,
    nullable: true,
  })
  running_version!: number | null;

  @TimeField({ description: 'When it last got or answered a message.', nullable: true })
  last_active_at!: string | null;

  @TimeField({ description: 'When the running instance became ready.', nullable: true })
  started_at!: string | null;

  @IntegerField({
    description: 'Which one in the queue of starts it is, from 1; null while it does not wait for its turn.',
    example: null,
    min: 1,
    max: 2 ** 31 - 1,
    nullable: true,
  })
  queue_position!: number | null;
}

/** The configuration, without secrets, and what has become of it. */
export class AgentDto extends AgentConfigurationDto {
  @StringField(AGENT_ID)
  id!: string;

  @IntegerField({ description: 'The current version; also the ETag.', example: 2, min: 1, max: 2 ** 31 - 1 })
  version!: number;

  @StringListField({
    description: 'The secrets it has, without their values.',
    example: ['shop_token'],
  })
  secret_names!: string[];

  @NestedField(() => AgentStatusDto, { description: 'What it is doing.', example: { state: 'stopped' } })
  status!: AgentStatusDto;

  @TimeField({ description: 'When it was created.' })
  created_at!: string;

  @TimeField({ description: 'When its configuration last changed.' })
  updated_at!: string;
}

export class AgentVersionDto {
  @IntegerField({ description: 'Counts from 1.', example: 2, min: 1, max: 2 ** 31 - 1 })
  version!: number;

  @NestedField(() => AgentConfigurationDto, {
    description: 'The configuration, without secrets.',
    example: { name: 'Opening hours' },
  })
  configuration!: AgentConfigurationDto;

  @StringListField({
    description: 'The secrets it has, without their values.',
    example: ['shop_token'],
  })
  secret_names!: string[];

  @IntegerField({
    description: 'The version this one restored.',
    example: null,
    min: 1,
    max: 2 ** 31 - 1,
    nullable: true,
  })
  restored_from!: number | null;

  @TimeField({ description: 'When it was made.' })
  created_at!: string;
}

const NEXT_CURSOR = {
  description: 'Ask again with `cursor=` this for more; null at the end.',
  example: null,
  max: 500,
  nullable: true,
};

export class AgentPageDto {
  @ItemsField(() => AgentDto, { description: 'Newest first.', example: [] })
  items!: AgentDto[];

  @StringField(NEXT_CURSOR)
  next_cursor!: string | null;
}

export class AgentVersionPageDto {
  @ItemsField(() => AgentVersionDto, { description: 'Newest first.', example: [] })
  items!: AgentVersionDto[];

  @StringField(NEXT_CURSOR)
  next_cursor!: string | null;
}

export class AgentLogsDto {
  @StringField({
    description: 'The instance the lines come from; null when there is none.',
    example: 'inst-…',
    max: 64,
    nullable: true,
  })
  instance_id!: string | null;

  @ItemsField(() => String, { description: 'The last lines, oldest first.', example: ['{"msg":"ready"}'] })
  lines!: string[];
}
