import { RunTimeline } from '../timeline';
import { BooleanField, EnumField, IntegerField, TimeField } from './field.decorators';

export const timelineExample: RunTimeline = {
  accepted_at: '2026-01-31T12:00:00.000Z',
  wake: 'cold',
  queue_ms: 12,
  schedule_ms: 140,
  boot_ms: 310,
  ready_ms: 45,
  first_token_ms: 420,
  last_token_ms: 1_250,
  total_ms: 2_177,
  clock_skewed: false,
};

/** A day and more: an answer may wait for an agent that was down. */
const SPAN_MAX = 2_147_483_647;
const described = (name: keyof RunTimeline) => ({
  description: RunTimeline.shape[name].meta()?.description ?? '',
  example: timelineExample[name],
});
const Span = (name: keyof RunTimeline, nullable = false): PropertyDecorator =>
  IntegerField({ ...described(name), min: 0, max: SPAN_MAX, nullable });

/** {@link RunTimeline} as REST answers it. */
export class RunTimelineDto implements RunTimeline {
  @TimeField(described('accepted_at'))
  accepted_at!: string;

  @EnumField({ ...described('wake'), values: RunTimeline.shape.wake.options })
  wake!: RunTimeline['wake'];

  @Span('queue_ms')
  queue_ms!: number;

  @Span('schedule_ms')
  schedule_ms!: number;

  @Span('boot_ms')
  boot_ms!: number;

  @Span('ready_ms')
  ready_ms!: number;

  @Span('first_token_ms')
  first_token_ms!: number;

  @Span('last_token_ms', true)
  last_token_ms!: number | null;

  @Span('total_ms')
  total_ms!: number;

  @BooleanField(described('clock_skewed'))
  clock_skewed!: boolean;
}
