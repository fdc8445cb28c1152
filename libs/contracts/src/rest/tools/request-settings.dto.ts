import { IntegerField, StringField } from '../field.decorators';
import { ToolBase } from './tool.base';

/** What tools that make requests are told of each request. */
export class RequestSettingsDto extends ToolBase {
  @IntegerField({
    description: 'Seconds all of it may take, retries included.',
    example: 10,
    min: 1,
    max: 120,
    default: 20,
  })
  timeout_s!: number;

  @IntegerField({
    description: 'Further attempts of GET and HEAD when the server is away or overloaded.',
    example: 2,
    min: 0,
    max: 5,
    default: 2,
  })
  retries!: number;

  @IntegerField({
    description: 'Bytes an answer may have; a longer one is a failure the model is told of.',
    example: 65_536,
    min: 256,
    max: 1_048_576,
    default: 65_536,
  })
  response_bytes_max!: number;

  @StringField({
    description:
      'The header that carries the idempotency key of POST, PUT, PATCH and DELETE: the same key whenever the same call is repeated.',
    example: 'Idempotency-Key',
    max: 100,
    pattern: /^[A-Za-z0-9-]+$/,
    default: 'Idempotency-Key',
  })
  idempotency_header!: string;
}
