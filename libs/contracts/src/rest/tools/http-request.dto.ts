import { type HttpMethod, httpMethods } from '../../tools/http-request.tool';
import { EnumField, ObjectField, StringField } from '../field.decorators';
import { RequestSettingsDto } from './request-settings.dto';
import { ToolNameField, ToolTypeField } from './tool.fields';

/**
 * A request the model may make. `{name}` stands for the argument of that name, `{user.phone_number}` for what a
 * trusted party said of the user, `{secret.name}` for a secret of the agent.
 */
export class HttpRequestToolDto extends RequestSettingsDto {
  @ToolTypeField('http_request')
  type!: 'http_request';

  @ToolNameField('find_order')
  name!: string;

  @StringField({
    description: 'What it does and when to use it, for the model.',
    example: 'Finds an order by its number.',
    min: 1,
    max: 2_000,
  })
  description!: string;

  @EnumField({ description: 'The HTTP method.', example: 'GET', values: httpMethods, default: 'GET' })
  method!: HttpMethod;

  @StringField({
    description:
      'Where to. Placeholders, but no secrets, may stand in path and query only. Private hosts and ports other than 80 and 443 are reached only where the operator allows them (`TOOL_ALLOWED_HOSTS`).',
    example: 'https://shop.example/orders/{order_id}',
    min: 1,
    max: 2_000,
  })
  url!: string;

  @ObjectField({
    description:
      'Headers; `{user.…}` and `{secret.…}` may stand in them. They do not follow a redirect to another host.',
    example: { authorization: 'Bearer {secret.shop_token}' },
    default: {},
  })
  headers!: Record<string, string>;

  @ObjectField({
    description: 'Query parameters; one whose placeholder has no argument is left out.',
    example: { lang: '{language}' },
    default: {},
  })
  query!: Record<string, string>;

  @ObjectField({
    description:
      'The JSON body. A text that is one placeholder becomes the argument itself, whatever its type; a property without an argument is left out.',
    example: { quantity: '{quantity}' },
    nullable: true,
  })
  body!: object | null;

  @ObjectField({
    description: 'The arguments, as JSON Schema (2020-12) of type `object`; at most 16 KiB.',
    example: {
      type: 'object',
      properties: { order_id: { type: 'string', description: 'The number on the receipt.' } },
      required: ['order_id'],
      additionalProperties: false,
    },
    default: { type: 'object', properties: {} },
  })
  parameters!: object;

  @StringField({
    description:
      'What the model is shown of a JSON answer: JSONPath (RFC 9535). One value found is shown by itself, several as a list.',
    example: '$.orders[*].status',
    min: 1,
    max: 500,
    nullable: true,
  })
  answer_path!: string | null;
}
