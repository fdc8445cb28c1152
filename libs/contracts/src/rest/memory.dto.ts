import { BooleanField, IntegerField } from './field.decorators';

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
      'Whether it keeps a running summary of what is older than `depth` messages. It is brought up to date by the model of the agent, beside an answer.',
    example: true,
    default: false,
  })
  summarize?: boolean;

  @BooleanField({
    description:
      'Whether it keeps facts about a user beyond the thread: `remember_fact` and `forget_fact` become tools of it, for users whom a trusted party vouched for. `GET` and `DELETE /users/{external_user_id}` list and erase.',
    example: true,
    default: false,
  })
  long_term?: boolean;
}
