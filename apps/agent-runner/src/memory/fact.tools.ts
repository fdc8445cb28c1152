import { FACT_LENGTH_MAX } from '@roost/contracts';
import { ManagerRefusedError } from '../exchange/manager.client';
import type { Tool, ToolAnswer } from '../tools/tool';
import { type BuiltTool, definition } from '../tools/tool.builder';
import type { UserMemory } from './user.memory';

const NOBODY: ToolAnswer = {
  ok: false,
  content: 'It is not known who the user is, so nothing can be kept of them beyond this conversation.',
};

const text = (name: string, description: string, maxLength: number): object => ({
  type: 'object',
  properties: { [name]: { type: 'string', minLength: 1, maxLength, description } },
  required: [name],
  additionalProperties: false,
});

/** How the model keeps and drops facts about the user it talks to; the user is never its choice. */
export function factTools(memory: UserMemory): BuiltTool[] {
  const remember: Tool = {
    call: async ({ fact }, { asker, signal }) => {
      if (asker.user_id === null) return NOBODY;
      const kept = String(fact).trim();
      if (kept === '') return { ok: false, content: 'The fact is empty.' };
      try {
        const { id } = await memory.remember(asker.user_id, kept, signal);
        return { ok: true, content: `Remembered as ${id}.` };
      } catch (error) {
        if (error instanceof ManagerRefusedError)
          return { ok: false, content: 'Not kept: the conversation was ended or erased meanwhile.' };
        throw error;
      }
    },
  };
  const forget: Tool = {
    call: async ({ id }, { asker, signal }) => {
      if (asker.user_id === null) return NOBODY;
      await memory.forget(asker.user_id, String(id), signal);
      return { ok: true, content: 'Forgotten.' };
    },
  };
  return [
    {
      definition: definition(
        'remember_fact',
        'Keeps a lasting fact about the user for later conversations: a name, a preference, a circumstance. Not for what only this conversation needs, and never for passwords or numbers of cards.',
        text('fact', 'One short sentence that stands by itself.', FACT_LENGTH_MAX),
      ),
      tool: remember,
    },
    {
      definition: definition(
        'forget_fact',
        'Drops a fact about the user that is wrong or that they want to be forgotten.',
        text('id', 'The id that stands before the fact.', 64),
      ),
      tool: forget,
    },
  ];
}
