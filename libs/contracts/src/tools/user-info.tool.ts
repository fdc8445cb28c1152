import type { ToolBase } from './tool.base';

/** What the channel vouched for of the user. */
export interface UserInfoTool extends ToolBase {
  type: 'user_info';
  name: string;
  description: string;
}
