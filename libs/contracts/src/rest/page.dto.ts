import { Type } from 'class-transformer';
import { IntegerField, StringField } from './field.decorators';

/** The query of every list. */
export class PageQueryDto {
  @Type(() => Number)
  @IntegerField({ description: 'How many items at most.', example: 50, min: 1, max: 200, default: 50 })
  limit!: number;

  @StringField({
    description: '`next_cursor` of the page before.',
    example: 'eyJ…',
    max: 500,
    optional: true,
  })
  cursor?: string;
}
