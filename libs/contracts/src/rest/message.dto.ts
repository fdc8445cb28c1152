import {
  BooleanField,
  EnumField,
  IntegerField,
  ItemsField,
  NestedField,
  ObjectField,
  StringField,
  StringListField,
  TimeField,
} from './field.decorators';
import { MESSAGE_CONTENT_MAX, type MessageObject } from '../frames';
import { CitationDto } from './citation.dto';
import { RunTimelineDto, timelineExample } from './timeline.dto';

const NEXT_CURSOR = {
  description: 'Ask again with `cursor=` this for more; null at the end.',
  example: null,
  max: 500,
  nullable: true,
};
const THREAD_ID = { description: 'The thread.', example: 'thr_3nX0vQ8yZrT5bKcW1mJdLe', max: 64 };

export class CreateMessageDto {
  @StringField({
    description: 'The text of the message.',
    example: 'What are your opening hours?',
    min: 1,
    max: MESSAGE_CONTENT_MAX,
    pattern: /\S/,
    patternMessage: '$property must hold more than white space',
  })
  content!: string;

  @StringField({
    ...THREAD_ID,
    description: 'The thread to write to; a new one is made when absent.',
    optional: true,
  })
  thread_id?: string;

  @StringField({
    description: 'Makes a repeat harmless: the same id gets the same answer.',
    example: '5c1f-17',
    min: 1,
    max: 128,
    optional: true,
  })
  client_message_id?: string;

  @StringField({
    description:
      'Who writes. Counts only from a key with the scope `users:assert`; else it is kept as a claim.',
    example: 'customer-42',
    min: 1,
    max: 200,
    optional: true,
  })
  user_id?: string;

  @ObjectField({
    description: 'What the channel knows of the user: a flat object. Counts like `user_id`.',
    example: { first_name: 'Ada' },
    optional: true,
  })
  user_data?: Record<string, unknown>;

  @StringField({
    description: 'Where the user writes from.',
    example: 'api',
    min: 1,
    max: 40,
    optional: true,
  })
  channel?: string;
}

export class AcceptedMessageDto {
  @StringField({ description: 'The message.', example: 'msg_7Hq2mV9xKpL4sRtYwZ0bNc', max: 64 })
  message_id!: string;

  @StringField(THREAD_ID)
  thread_id!: string;
}

export class MessageDto implements MessageObject {
  @StringField({ description: 'The message.', example: 'msg_7Hq2mV9xKpL4sRtYwZ0bNc', max: 64 })
  id!: string;

  @EnumField({ description: 'Who wrote it.', example: 'user', values: ['user', 'assistant'] })
  role!: 'user' | 'assistant';

  @StringField({ description: 'The text.', example: 'What are your opening hours?', max: 10_000_000 })
  content!: string;

  @TimeField({ description: 'When it was accepted or answered.' })
  created_at!: string;

  @StringField({ description: 'The message this one answers.', example: null, max: 64, nullable: true })
  in_reply_to!: string | null;

  @EnumField({
    description:
      'Of a message of a user: `accepted` until it is answered (`done`) or has failed; `paused` while its run waits for approval.',
    example: 'done',
    values: ['accepted', 'paused', 'done', 'failed'],
  })
  status!: 'accepted' | 'paused' | 'done' | 'failed';

  @StringField({ description: 'The error code of a failed message.', example: null, max: 64, nullable: true })
  error_code!: string | null;

  @NestedField(() => RunTimelineDto, {
    description: 'Of a reply: where the time went.',
    example: timelineExample,
    nullable: true,
  })
  timeline!: RunTimelineDto | null;

  @ItemsField(() => CitationDto, {
    description:
      'What an answer rests on, when it rests on a knowledge base: `[1]` in `content` is the first.',
    example: [],
    optional: true,
  })
  citations?: CitationDto[] | undefined;

  @BooleanField({
    description: 'An answer that was cancelled: `content` is what was said until then.',
    example: false,
  })
  interrupted!: boolean;

  @StringField({
    description: 'The later message of the user whose reply answers this one, too (`on_busy: collect`).',
    example: null,
    max: 64,
    nullable: true,
  })
  joined_into!: string | null;
}

export class CancelledMessagesDto {
  @StringListField({
    description: 'The messages that were not answered yet, in order; each ends within a second.',
    example: ['msg_7Hq2mV9xKpL4sRtYwZ0bNc'],
  })
  message_ids!: string[];
}

export class MessagePageDto {
  @ItemsField(() => MessageDto, { description: 'Oldest first.', example: [] })
  items!: MessageDto[];

  @StringField(NEXT_CURSOR)
  next_cursor!: string | null;
}

export class ThreadDto {
  @StringField(THREAD_ID)
  id!: string;

  @StringField({ description: 'The agent.', example: 'agent_opening_hours_x7k2', max: 64 })
  agent_id!: string;

  @StringField({
    description: 'The user, where a trusted party named one.',
    example: 'customer-42',
    max: 200,
    nullable: true,
  })
  user_id!: string | null;

  @StringField({ description: 'Where it was begun.', example: 'web', max: 40 })
  channel!: string;

  @TimeField({ description: 'When it was begun.' })
  created_at!: string;
}

export class ThreadPageDto {
  @ItemsField(() => ThreadDto, { description: 'Newest first.', example: [] })
  items!: ThreadDto[];

  @StringField(NEXT_CURSOR)
  next_cursor!: string | null;
}

export class CreateChatTokenDto {
  @StringField({ description: 'Who chats with it.', example: 'customer-42', min: 1, max: 200 })
  user_id!: string;

  @ObjectField({
    description: 'What is known of the user; trusted like `user_id`.',
    example: { first_name: 'Ada' },
    default: {},
  })
  user_data!: Record<string, unknown>;

  @IntegerField({ description: 'Seconds it is valid.', example: 900, min: 10, max: 86_400, default: 900 })
  ttl_seconds!: number;
}

export class ChatTokenDto {
  @StringField({
    description: 'The credential for the sockets and for the routes of threads and messages.',
    example: 'eyJ…',
    max: 16_384,
  })
  token!: string;

  @TimeField({ description: 'When it ends.' })
  expires_at!: string;
}
