import { StringField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

/** What the channel vouched for of the user. What clients say of themselves (`claimed`) is never part of it. */
export class UserInfoToolDto extends ToolBase {
  @ToolTypeField('user_info')
  type!: 'user_info';

  @ToolNameField('user_info', 'user_info')
  name!: string;

  @StringField({
    description: 'What it does and when to use it, for the model.',
    example: 'Tells whom you talk to.',
    min: 1,
    max: 2_000,
    default: 'Tells what is known for certain of the user you are talking to.',
  })
  description!: string;
}
