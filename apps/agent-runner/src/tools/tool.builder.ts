import type { AgentRuntimeConfiguration } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import type { ManagerClient } from '../exchange/manager.client';
import type { Outbound } from './outbound';
import type { Tool, ToolDefinition } from './tool';

/** What tools are built with. */
export interface ToolServices {
  /** Reaches what the operator allows to all tools. */
  http: GuardedHttpClient;
  outbound: Pick<Outbound, 'client'>;
  runtime: AgentRuntimeConfiguration;
  manager: Pick<ManagerClient, 'request'>;
}

/** A tool and how the model is told of it. */
export interface BuiltTool {
  definition: ToolDefinition;
  tool: Tool;
  /** Whether its entry should be built anew before the next run; absent means never. */
  isStale?: () => boolean;
}

/**
 * Makes the tools of one entry of the configuration: one, or as many as a document or server describes. Rejects when
 * that cannot be had; the agent then works without them and the model is told so.
 */
export type ToolBuilder<Configured> = (
  configured: Configured,
  services: ToolServices,
) => Promise<BuiltTool[]>;

export const definition = (name: string, description: string, parameters: object): ToolDefinition => ({
  type: 'function',
  function: { name, description, parameters },
});

/** The schema of a tool that takes no arguments. */
export const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false };
