import type { RequestAuthorizationTool } from '@roost/contracts';
import { definition, NO_PARAMETERS, type ToolBuilder } from './tool.builder';

/** Asks by a frame; the answer comes as `user_data` of a later message, by a channel that may assert it. */
export const requestAuthorizationTool: ToolBuilder<RequestAuthorizationTool> = ({
  name,
  description,
  fields,
  message,
}) =>
  Promise.resolve([
    {
      definition: definition(name, description, NO_PARAMETERS),
      tool: {
        call: (_args, { asker, requestAuthorization }) => {
          if (asker.user_data['is_authenticated'] === true)
            return Promise.resolve({ ok: true, content: 'The user is authenticated already: go on.' });
          requestAuthorization(fields, message);
          return Promise.resolve({
            ok: true,
            content:
              'The user was asked to confirm who they are and has not done so yet. Tell them that you go on once they have. Their next message counts as theirs when is_authenticated is true.',
          });
        },
      },
    },
  ]);
