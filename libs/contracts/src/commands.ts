import { z } from 'zod';
import { IntegrationStatus } from './integration';

/** Who handles commands: any number of replicas, of which one takes each. */
export const commandServices = ['telegram'] as const;
export type CommandService = (typeof commandServices)[number];

interface CommandContract {
  service: CommandService;
  request: z.ZodType;
  /** Null: an event, which nobody answers. */
  answer: z.ZodType | null;
}

const OfAgent = z.object({ agent_id: z.string() });

/**
 * Everything one service asks of another over Redis, by pattern. A request is handled at least once, an event too:
 * whatever handles one must be able to do it twice. During a rollout two releases talk to each other, so new fields
 * are optional.
 */
export const commands = {
  /** Connects the agent's bot and keeps it connected; asked again, nothing changes. */
  'telegram.start': { service: 'telegram', request: OfAgent, answer: IntegrationStatus },
  /** Disconnects the bot; with `force` without waiting for what is under way. */
  'telegram.stop': {
    service: 'telegram',
    request: OfAgent.extend({ force: z.boolean() }),
    answer: IntegrationStatus,
  },
  'telegram.status': { service: 'telegram', request: OfAgent, answer: IntegrationStatus },
  /** The agent's configuration has changed or the agent was deleted: read it again. */
  'agents.changed': { service: 'telegram', request: OfAgent, answer: null },
} as const satisfies Record<string, CommandContract>;

type Commands = typeof commands;
type NameWhere<Answer> = {
  [Name in keyof Commands]: Commands[Name]['answer'] extends Answer ? Name : never;
}[keyof Commands];

/** Patterns that are answered. */
export type CommandName = NameWhere<z.ZodType>;
/** Patterns that are not. */
export type CommandEventName = NameWhere<null>;

export type CommandRequest<Name extends CommandName | CommandEventName> = z.infer<Commands[Name]['request']>;
export type CommandAnswer<Name extends CommandName> = z.infer<Commands[Name]['answer']>;

/** The contract of a pattern that came from outside the type system; null when this release does not know it. */
export const commandContract = (pattern: string): CommandContract | null =>
  Object.hasOwn(commands, pattern) ? commands[pattern as keyof Commands] : null;
