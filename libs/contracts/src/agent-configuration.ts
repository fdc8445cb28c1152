import type { AgentTool } from './agent-tool';
import type { Integration } from './integration';

/** Who may chat without a credential. */
export const chatAccess = ['private', 'public'] as const;
export type ChatAccess = (typeof chatAccess)[number];

/** All providers speak the OpenAI protocol. */
export const modelProviders = ['openai', 'openrouter', 'azure', 'ollama', 'vllm'] as const;
export type ModelProvider = (typeof modelProviders)[number];

/** Where a provider is unless `base_url` says so; the others have no address of their own. */
export const knownBaseUrls: Partial<Record<ModelProvider, string>> = {
  openai: 'https://api.openai.com/v1',
  openrouter: 'https://openrouter.ai/api/v1',
};

/** What becomes of a message to a thread that still owes an answer. */
export const onBusyModes = ['enqueue', 'reject', 'interrupt', 'collect'] as const;
export type OnBusy = (typeof onBusyModes)[number];

/** Milliseconds without a further message after which `collect` answers what has come. */
export const COLLECT_PAUSE_MS_DEFAULT = 1_500;

/** What a run may do where its version does not say. */
export const defaultRunLimits = {
  steps_per_run: 12,
  tool_calls_per_run: 40,
  seconds_per_run: 600,
  tokens_per_run: 1_000_000,
} as const;

/** How agents use knowledge bases where their version does not say. */
export const defaultKnowledge: KnowledgeSettings = { limit_to_knowledge_base: false, grading_model: null };

export interface KnowledgeSettings {
  /** Answers rest on the knowledge bases alone: what they do not hold, the agent says it does not know. */
  limit_to_knowledge_base: boolean;
  /** A cheaper model of the same provider for grading and rewriting; null takes the agent's own. */
  grading_model: string | null;
}

/** A version's configuration, complete and validated, secrets taken out. */
export interface AgentConfiguration {
  name: string;
  description: string;
  enabled: boolean;
  model: {
    provider: ModelProvider;
    name: string;
    base_url: string | null;
    temperature: number;
    max_tokens: number | null;
  };
  system_prompt: string;
  answer_in_user_language: boolean;
  use_markdown: boolean;
  memory: {
    enabled: boolean;
    depth: number;
    /** Facts about a user that outlive the thread; absent in older versions: false. */
    long_term?: boolean;
    /** A running summary of what is older than `depth`; absent in older versions: false. */
    summarize?: boolean;
  };
  tools: AgentTool[];
  /** At most one of each type. */
  integrations: Integration[];
  limits: {
    memory_mb: number;
    cpus: number;
    pids: number;
    /** Absent in versions that were stored before agents had tools. */
    steps_per_run?: number;
    tool_calls_per_run?: number;
    seconds_per_run?: number;
    tokens_per_run?: number;
    /** Null or absent: no budget. */
    tokens_per_day?: number | null;
  };
  /** How knowledge bases are used, for agents with a `knowledge_base` tool; absent in older versions. */
  knowledge?: KnowledgeSettings;
  /** Seconds; null takes the service's default. */
  inactivity_timeout: number | null;
  access: { chat: ChatAccess };
  on_busy: OnBusy;
  collect_pause_ms: number;
}

/** What a configuration says that was stored before these fields were known. */
const laterFields: Pick<AgentConfiguration, 'on_busy' | 'collect_pause_ms'> = {
  on_busy: 'enqueue',
  collect_pause_ms: COLLECT_PAUSE_MS_DEFAULT,
};

/** Completes a stored configuration with the defaults of fields that came later; what it says itself wins. */
export const completeConfiguration = (
  stored: Omit<AgentConfiguration, keyof typeof laterFields> & Partial<typeof laterFields>,
): AgentConfiguration => ({ ...laterFields, ...stored });
