import { Transform, Type } from 'class-transformer';
import { BooleanField, IntegerField, StringField } from './field.decorators';

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

export class StartQueryDto {
  @Type(() => Number)
  @IntegerField({
    description: 'Seconds to wait until it runs or has failed.',
    example: 30,
    min: 0,
    max: 120,
    default: 0,
  })
  wait!: number;
}

export class StopQueryDto {
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @BooleanField({
    description: 'Kill at once; messages under way fail visibly.',
    example: false,
    default: false,
  })
  force!: boolean;
}

export class LogsQueryDto {
  @Type(() => Number)
  @IntegerField({ description: 'How many lines at most.', example: 100, min: 1, max: 10_000, default: 100 })
  tail!: number;

  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @BooleanField({
    description: 'Go on with what is written, until the instance ends or the client leaves.',
    example: false,
    default: false,
  })
  follow!: boolean;
}
