import { StringField, TextListField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

/**
 * Asks the channel to authenticate the user: an `authorization_request` frame. Once the channel has done so, the
 * user's next messages carry it in `user_data`, with `is_authenticated: true`.
 */
export class RequestAuthorizationToolDto extends ToolBase {
  @ToolTypeField('request_authorization')
  type!: 'request_authorization';

  @ToolNameField('request_authorization', 'request_authorization')
  name!: string;

  @StringField({
    description: 'What it does and when to use it, for the model.',
    example: 'Asks the user to confirm who they are. Use it before anything about their orders.',
    min: 1,
    max: 2_000,
    default: 'Asks the user to confirm who they are. Use it before anything that concerns them alone.',
  })
  description!: string;

  @TextListField({
    description: 'What the channel should find out, by the names it will have in `user_data`.',
    example: ['phone_number'],
    items_min: 1,
    items_max: 10,
    max: 100,
    pattern: /^[a-z][a-z0-9_]*$/,
    default: ['phone_number'],
  })
  fields!: string[];

  @StringField({
    description: 'What the user is asked.',
    example: 'Please share your phone number, so that I can find your orders.',
    min: 1,
    max: 1_000,
    default: 'Please confirm who you are, so that I can go on.',
  })
  message!: string;
}
