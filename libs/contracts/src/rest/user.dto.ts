import { ItemsField, StringField, TimeField } from './field.decorators';

export class UserFactDto {
  @StringField({ description: 'The fact.', example: 'fact_7Hq2mV9xKpL4sRtYwZ0bNc', max: 64 })
  id!: string;

  @StringField({ description: 'The agent that remembers it.', example: 'agent_opening_hours_x7k2', max: 64 })
  agent_id!: string;

  @StringField({
    description: 'What it remembers of the user.',
    example: 'Prefers to be called by phone.',
    max: 500,
  })
  text!: string;

  @TimeField({ description: 'When it was told.' })
  created_at!: string;
}

export class UserFactPageDto {
  @ItemsField(() => UserFactDto, { description: 'Newest first.', example: [] })
  items!: UserFactDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;
}
