import { errorCatalogue } from '../errors';
import { EnumField, IntegerField, ItemsField, StringField } from './field.decorators';

export class FieldErrorDto {
  @StringField({
    description: 'Where: a dotted path into the body, or the name of a parameter.',
    example: 'model.name',
    max: 500,
  })
  field!: string;

  @StringField({
    description: 'What does not fit.',
    example: 'must be longer than or equal to 1 characters',
    max: 2_000,
  })
  message!: string;
}

/** RFC 9457, `application/problem+json`. */
export class ProblemDto {
  @StringField({
    description: 'Names the kind of problem.',
    example: 'urn:roost:error:agent_not_found',
    max: 200,
  })
  type!: string;

  @StringField({ description: 'The kind of problem in words.', example: 'There is no such agent', max: 200 })
  title!: string;

  @IntegerField({ description: 'The HTTP status.', example: 404, min: 400, max: 599 })
  status!: number;

  @StringField({
    description: 'What happened here, and what to do about it.',
    example: 'Look the id up with GET /agents.',
    max: 2_000,
  })
  detail!: string;

  @EnumField({
    description: 'What a program may branch on.',
    example: 'agent_not_found',
    values: Object.keys(errorCatalogue),
  })
  code!: string;

  @StringField({ description: 'The request, as the logs name it.', example: 'req_0aB…', max: 128 })
  request_id!: string;

  @ItemsField(() => FieldErrorDto, {
    description: 'Each field that does not fit.',
    example: [],
    optional: true,
  })
  errors?: FieldErrorDto[];
}
