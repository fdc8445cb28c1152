import type { ToolBase } from './tool.base';

/** Asks the channel to authenticate the user. */
export interface RequestAuthorizationTool extends ToolBase {
  type: 'request_authorization';
  name: string;
  description: string;
  /** What the channel should find out, by the names it will have in `user_data`. */
  fields: string[];
  /** What the user is asked. */
  message: string;
}
