import type { AgentConfiguration, Integration } from '@roost/contracts';

type Partially<Value> = Value extends readonly unknown[] | null
  ? Value
  : Value extends object
    ? { [Field in keyof Value]?: Partially<Value[Field]> }
    : Value;

/** What `POST /agents` takes: a configuration of which only name and model must be given, and the write-only key. */
export type AgentInput = Omit<Partially<AgentConfiguration>, 'name' | 'model' | 'integrations'> & {
  name: string;
  integrations?: (Partial<Integration> & { type: string; bot_token?: string | null })[];
  model: Partially<AgentConfiguration['model']> & { name: string; api_key?: string };
};

/** A private agent that answers with the operator's model; `overrides` wins, objects are replaced whole. */
export const anAgent = (overrides: Partial<AgentInput> = {}): AgentInput => ({
  name: 'Test agent',
  model: { provider: 'openai', name: 'gpt-4.1-mini' },
  ...overrides,
});

/** One that anybody who reaches the sockets may talk to. */
export const aPublicAgent = (overrides: Partial<AgentInput> = {}): AgentInput =>
  anAgent({ name: 'Public agent', access: { chat: 'public' }, ...overrides });
