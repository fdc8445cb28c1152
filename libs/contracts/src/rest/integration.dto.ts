import type { Type } from '@nestjs/common';
import { Transform } from 'class-transformer';
import {
  type IntegrationStatus,
  integrationStates,
  type IntegrationType,
  integrationTypes,
  type TelegramIntegration,
  telegramGroups,
  telegramModes,
  telegramStreaming,
} from '../integration';
import {
  BooleanField,
  EnumField,
  IntegerField,
  IntegerListField,
  NestedField,
  StringField,
  TimeField,
} from './field.decorators';

const IntegrationTypeField = (): PropertyDecorator =>
  EnumField({ description: 'The messenger.', example: 'telegram', values: integrationTypes });

/** Stands in for an integration whose type is not known, so that the answer names the known ones. */
export class IntegrationDto {
  @IntegrationTypeField()
  type!: string;
}

/** Ids of chats and users have at most 52 significant bits; those of groups are negative. */
const CHAT_ID_MAX = 2 ** 52;

/** An agent as a Telegram bot. */
export class TelegramIntegrationDto implements TelegramIntegration {
  @IntegrationTypeField()
  type!: 'telegram';

  @StringField({
    description:
      "The bot's token, from @BotFather. Stored encrypted, never returned. Absent: the one stored before is kept, else the gateway's TELEGRAM_BOT_TOKEN counts. Null removes it.",
    example: '123456:AA…',
    max: 100,
    optional: true,
    writeOnly: true,
    pattern: /^\d{1,20}:[A-Za-z0-9_-]{30,80}$/,
    patternMessage: '$property must be a token as @BotFather gives it: digits, a colon, letters and digits',
  })
  bot_token?: string | undefined;

  @EnumField({
    description:
      '`polling`: the gateway asks Telegram for updates. `webhook`: Telegram sends them to the gateway, which needs TELEGRAM_WEBHOOK_URL.',
    example: 'polling',
    values: telegramModes,
    default: 'polling',
  })
  mode!: TelegramIntegration['mode'];

  @StringField({
    description: 'Said on /start; null for the words of the service.',
    example: 'Hello! Ask me about our opening hours.',
    min: 1,
    max: 4_096,
    nullable: true,
  })
  welcome_message!: string | null;

  @IntegerListField({
    description: 'The only chats the bot talks to, by their ids; null for all.',
    example: [42, -1_001_234_567_890],
    items_max: 1_000,
    min: -CHAT_ID_MAX,
    max: CHAT_ID_MAX,
    nullable: true,
  })
  allowed_chats!: number[] | null;

  @EnumField({
    description:
      'Messages of groups: `off` answers none, `mention` those that name the bot or reply to it, `all` every one the bot sees.',
    example: 'mention',
    values: telegramGroups,
    default: 'mention',
  })
  groups!: TelegramIntegration['groups'];

  @EnumField({
    description:
      'An answer while it is written: `off` shows that the bot is typing, `draft` the text in private chats, `edit` the text in a message that is edited.',
    example: 'draft',
    values: telegramStreaming,
    default: 'draft',
  })
  streaming!: TelegramIntegration['streaming'];
}

/** How each type of integration is written down. */
export const integrationDtos: Record<IntegrationType, Type> = { telegram: TelegramIntegrationDto };

export class StopIntegrationQueryDto {
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @BooleanField({
    description: 'Drop what was received and is not answered.',
    example: false,
    default: false,
  })
  force!: boolean;
}

export class IntegrationErrorDto {
  @TimeField({ description: 'When it happened.' })
  at!: string;

  @StringField({ description: 'What happened, in one word.', example: 'token_refused', max: 64 })
  code!: string;

  @StringField({
    description: 'What happened, and what to do about it.',
    example: 'Telegram does not know the token: get a new one from @BotFather.',
    max: 2_000,
  })
  detail!: string;
}

export class IntegrationStatusDto implements IntegrationStatus {
  @StringField({ description: 'The agent.', example: 'agent_opening_hours_x7k2', max: 64 })
  agent_id!: string;

  @IntegrationTypeField()
  type!: 'telegram';

  @EnumField({
    description: 'What was asked for last; it survives restarts.',
    example: 'started',
    values: ['started', 'stopped'],
  })
  desired!: 'started' | 'stopped';

  @EnumField({
    description: '`stopping` until all that was received is answered; `failed` is tried again.',
    example: 'running',
    values: integrationStates,
  })
  state!: IntegrationStatus['state'];

  @StringField({
    description: 'The bot, once it has been started.',
    example: 'opening_hours_bot',
    max: 64,
    nullable: true,
  })
  bot_username!: string | null;

  @EnumField({ description: 'How it gets its updates.', example: 'polling', values: telegramModes })
  mode!: IntegrationStatus['mode'];

  @TimeField({ description: 'When the last update came.', nullable: true })
  last_update_at!: string | null;

  @IntegerField({
    description: 'Updates that are not answered yet.',
    example: 0,
    min: 0,
    max: 1_000_000_000,
  })
  backlog!: number;

  @NestedField(() => IntegrationErrorDto, {
    description: 'What went wrong last.',
    example: null,
    nullable: true,
  })
  last_error!: IntegrationErrorDto | null;
}
