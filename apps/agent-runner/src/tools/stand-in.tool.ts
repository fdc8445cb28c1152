import { GuardedHttpError } from '@roost/guarded-http';
import { TimeoutError } from 'p-timeout';
import { ToolUnavailableError } from './tool';
import { type BuiltTool, definition } from './tool.builder';

/** Characters of a reason: it stands in every prompt. */
const REASON_MAX = 500;

/** Stands under the name of what could not be made, so that the model can say what is wrong. */
export const standIn = (name: string, reason: string): BuiltTool => ({
  definition: definition(name, `Cannot be used now: ${reason}`, { type: 'object', properties: {} }),
  tool: {
    stands_in: true,
    call: () => Promise.resolve({ ok: false, content: `The tool ${name} cannot be used now: ${reason}` }),
  },
});

/** Why a tool could not be made, for the model: what is not meant for it is not quoted. */
export const reasonOf = (error: unknown): string =>
  isForModel(error) ? error.message.slice(0, REASON_MAX) : 'it is not configured correctly.';

export const isForModel = (error: unknown): error is Error =>
  error instanceof ToolUnavailableError || error instanceof GuardedHttpError || error instanceof TimeoutError;
