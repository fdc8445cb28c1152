import type { AgentRuntimeConfiguration, LoggedFrame, RunStep, UserFact } from '@roost/contracts';
import type { Asker } from '../tools/tool';
import type { Toolbox } from '../tools/toolbox';
import type { TokenBudget } from '../usage/token.budget';
import type { RunMeter } from './run.meter';

/** What one run hands to its nodes; none of it is kept in a checkpoint. */
export interface RunContext {
  /** The message being answered, the last one of those that were joined. */
  message_id: string;
  /** The first of them. */
  first_message_id: string;
  configuration: AgentRuntimeConfiguration;
  asker: Asker;
  /** Null for an agent without tools. */
  toolbox: Toolbox | null;
  meter: RunMeter;
  /** Of the agent's day; all runs of the instance share it. */
  budget: Pick<TokenBudget, 'check'>;
  /** What is known of the user beyond the thread; none for agents that keep no such memory. */
  facts: UserFact[];
  /** Text of the answer, in order. A promise asks for a pause: what was handed over has not been written yet. */
  onToken: (text: string) => Promise<void> | undefined;
  /** The model did not answer and is asked again. */
  onRetry: (detail: string) => void;
  /** Something besides the model's answer goes on. */
  onStep: (step: RunStep, content: string) => void;
  /** The user is to be asked who they are. */
  onAuthorizationRequest: (fields: string[], content: string) => void;
  onTool: (name: string, state: ToolCallState, content: string) => void;
}

/** A rejected call was not made: nobody allowed it, or it could not be shown to anybody. */
export type ToolCallState = Extract<LoggedFrame, { type: 'tool' }>['state'] | 'rejected';
