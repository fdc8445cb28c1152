import {
  APPROVAL_REASON_MAX,
  type ApprovalDecision,
  approvalDecisions,
  type ApprovalState,
  approvalStates,
} from '../approval';
import { EnumField, ItemsField, ObjectField, StringField, TimeField } from './field.decorators';

export class DecideApprovalDto {
  @EnumField({
    description: '`approve` makes the call, `edit` makes it with `arguments`, `reject` does not make it.',
    example: 'approve',
    values: approvalDecisions,
  })
  decision!: ApprovalDecision['decision'];

  @ObjectField({
    description:
      'With `edit`: what the call is made with, whole. Arguments that do not fit the tool make no call; the model is told.',
    example: { order_id: '1042', amount: 20 },
    optional: true,
  })
  arguments?: Record<string, unknown>;

  @StringField({
    description: 'With `reject`: why; the model is told.',
    example: 'Ask the customer first.',
    max: APPROVAL_REASON_MAX,
    optional: true,
  })
  reason?: string;
}

export class ApprovalDto {
  @StringField({ description: 'The request.', example: 'apr_7Hq2mV9xKpL4sRtYwZ0bNc', max: 64 })
  id!: string;

  @StringField({ description: 'The thread.', example: 'thr_3nX0vQ8yZrT5bKcW1mJdLe', max: 64 })
  thread_id!: string;

  @StringField({
    description: 'The message whose run waits.',
    example: 'msg_7Hq2mV9xKpL4sRtYwZ0bNc',
    max: 64,
  })
  message_id!: string;

  @StringField({ description: 'The tool that would be called.', example: 'refund', max: 64 })
  tool!: string;

  @ObjectField({
    description: 'With which arguments, as the model wrote them.',
    example: { order_id: '1042', amount: 25 },
  })
  arguments!: Record<string, unknown>;

  @ObjectField({
    description: 'Those the call is made with in place of them, once `edited`.',
    example: null,
    nullable: true,
  })
  edited_arguments!: Record<string, unknown> | null;

  @EnumField({
    description:
      '`pending` until it is decided. `expired` counts as rejected. `cancelled` with the message it belongs to.',
    example: 'pending',
    values: approvalStates,
  })
  state!: ApprovalState;

  @StringField({
    description: 'Why it was rejected.',
    example: null,
    max: APPROVAL_REASON_MAX,
    nullable: true,
  })
  reason!: string | null;

  @StringField({
    description: 'Who decided: `key:…`, `user:…` or `anonymous`; null for the service itself.',
    example: null,
    max: 500,
    nullable: true,
  })
  decided_by!: string | null;

  @TimeField({ description: 'When it was decided.', nullable: true })
  decided_at!: string | null;

  @TimeField({ description: 'From then on it counts as rejected.' })
  expires_at!: string;

  @TimeField({ description: 'When it was asked.' })
  created_at!: string;
}

export class ApprovalPageDto {
  @ItemsField(() => ApprovalDto, { description: 'Newest first.', example: [] })
  items!: ApprovalDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;
}
