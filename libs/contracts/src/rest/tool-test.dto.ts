import { Type } from 'class-transformer';
import { BooleanField, IntegerField, ObjectField, StringField } from './field.decorators';

export class TestToolDto {
  @ObjectField({
    description: 'What the model would call it with; `{}` for none.',
    example: { order_id: '17' },
  })
  arguments!: Record<string, unknown>;

  @StringField({
    description: 'For whom, as `{user.id}`. Needs the scope `users:assert`.',
    example: 'customer-42',
    min: 1,
    max: 200,
    optional: true,
  })
  user_id?: string;

  @ObjectField({
    description: 'What is known of that user, for `{user.…}`: a flat object. Needs the scope `users:assert`.',
    example: { phone_number: '+4930123456' },
    optional: true,
  })
  user_data?: Record<string, unknown>;
}

export class TestToolQueryDto {
  @Type(() => Number)
  @IntegerField({
    description: 'Seconds it may take, the start of a sleeping agent included.',
    example: 60,
    min: 1,
    max: 120,
    default: 60,
  })
  wait!: number;
}

export class ToolTestDto {
  @BooleanField({ description: 'Whether the call succeeded.', example: true })
  ok!: boolean;

  @StringField({
    description: 'What the model would read.',
    example: '{"status":"sent"}',
    max: 2_000_000,
  })
  content!: string;

  @IntegerField({
    description: 'Milliseconds the call took in the runner.',
    example: 120,
    min: 0,
    max: 2 ** 31 - 1,
  })
  ms!: number;
}
