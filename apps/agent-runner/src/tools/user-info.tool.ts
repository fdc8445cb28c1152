import type { UserInfoTool } from '@roost/contracts';
import { definition, NO_PARAMETERS, type ToolBuilder } from './tool.builder';

/** What a trusted party vouched for, and nothing that a client said of itself. */
export const userInfoTool: ToolBuilder<UserInfoTool> = ({ name, description }) =>
  Promise.resolve([
    {
      definition: definition(name, description, NO_PARAMETERS),
      tool: {
        call: (_args, { asker: { channel, user_id, user_data } }) =>
          Promise.resolve({
            ok: true,
            content:
              user_id === null && Object.keys(user_data).length === 0
                ? `Nothing is known of the user for certain. They write over ${channel}.`
                : JSON.stringify({ channel, user_id, user_data }),
          }),
      },
    },
  ]);
