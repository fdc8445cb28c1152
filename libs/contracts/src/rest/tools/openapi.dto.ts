import { ObjectField, StringField, StringListField, UrlField } from '../field.decorators';
import { RequestSettingsDto } from './request-settings.dto';
import { ToolNameField, ToolTypeField } from './tool.fields';

/**
 * Operations of an API that an OpenAPI 3.0 or 3.1 document describes. Each becomes a tool `<name>_<operationId>` with
 * the document's description and schemas.
 */
export class OpenapiToolDto extends RequestSettingsDto {
  @ToolTypeField('openapi')
  type!: 'openapi';

  @ToolNameField('shop')
  name!: string;

  @StringField({
    description: 'Said before the description of each operation, for the model.',
    example: 'Orders of our shop.',
    max: 2_000,
    default: '',
  })
  description!: string;

  @ObjectField({
    description: 'The document, at most 256 KiB; or else `url`. References may lead into the document only.',
    example: {
      openapi: '3.1.0',
      info: { title: 'Shop', version: '1' },
      servers: [{ url: 'https://shop.example/api' }],
      paths: { '/orders': { get: { operationId: 'listOrders', summary: 'Lists all orders.' } } },
    },
    nullable: true,
  })
  document!: object | null;

  @UrlField({
    description:
      'Where the document is, JSON or YAML of at most 1 MiB; or else `document`. The runner fetches it.',
    example: 'https://shop.example/openapi.json',
    nullable: true,
  })
  url!: string | null;

  @StringListField({
    description: 'The `operationId`s the agent may use: 1 to 64.',
    example: ['listOrders'],
  })
  operations!: string[];

  @UrlField({
    description:
      "Where requests go; null takes the document's first server. Must be given when `headers` hold secrets and the document is at a `url`, for whoever serves that chooses its servers.",
    example: 'https://shop.example/api',
    nullable: true,
  })
  server_url!: string | null;

  @ObjectField({
    description:
      'Headers of every request; `{user.…}` and `{secret.…}` may stand in them. They win over those the document lets the model choose.',
    example: { authorization: 'Bearer {secret.shop_token}' },
    default: {},
  })
  headers!: Record<string, string>;
}
