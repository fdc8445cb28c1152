import type { AgentConfiguration } from './agent-configuration';
import type { WakeInstants } from './timeline';

/**
 * The whole environment a runner instance is created with. It holds no lasting secret: `EXCHANGE_CODE` works
 * once and dies with the start deadline.
 */
export interface InstanceEnvironment {
  AGENT_ID: string;
  INSTANCE_ID: string;
  /** `http://manager:8001/agents/<agent_id>/config`; the exchange lives on the same origin. */
  CONFIG_URL: string;
  /** Without credentials: those come from the exchange. */
  REDIS_URL: string;
  EXCHANGE_CODE: string;
  /** Seconds the runner may take to finish or hand back its work after SIGTERM. */
  STOP_GRACE_SECONDS: string;
  LOG_LEVEL: string;
  LOG_FORMAT: string;
  /** Where the instance sends its traces, as OTLP over HTTP; absent while traces are off. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** Where a proxy is the way out of the instance: `http://host:port`, in both; the manager and Redis need none. */
  HTTP_PROXY?: string;
  HTTPS_PROXY?: string;
}

/** Paths on the manager's internal port, all authorised with the instance's bearer token but the exchange. */
export const internalPaths = {
  /** POST {@link ExchangeRequest} -> 200 {@link ExchangeResponse}; 401 when the code was used or has expired. */
  exchange: '/internal/instances/exchange',
  /** POST {@link ReadyRequest} -> 200 {@link ReadyResponse}: the graph is compiled and the inbox is being read. */
  ready: '/internal/instances/ready',
  /** GET, `?version=N` for another than the current one -> 200 {@link AgentRuntimeConfiguration}; 401 once the instance was replaced. */
  config: (agent_id: string) => `/agents/${agent_id}/config`,
  /** The checkpoint store of the instance's agent; see {@link CheckpointOperation}. */
  checkpoints: '/internal/checkpoints',
  /** POST {@link RetrievalRequest} -> 200 {@link RetrievalResponse}; 403 for knowledge bases of other agents. */
  knowledgeSearch: '/internal/knowledge/search',
  /** What the instance's agent remembers of its users; see {@link RememberFact}. */
  facts: '/internal/facts',
  /** GET -> 200 {@link SpentToday}. */
  budget: '/internal/budget',
  /** POST {@link HandoffRequest} -> 200 {@link HandoffResponse}; 403 for what the instance's agent is not answering. */
  handoffs: '/internal/handoffs',
  /** POST {@link HandoffCancel} -> 204. */
  handoffCancels: '/internal/handoffs/cancel',
  /** GET, with a key of the scope `integrations:serve` -> 200 {@link IntegrationRuntime}; 404 when there is none. */
  integration: (agent_id: string, type: string) => `/internal/integrations/${agent_id}/${type}`,
} as const;

export interface ExchangeRequest {
  agent_id: string;
  instance_id: string;
  code: string;
}

export interface ExchangeResponse {
  instance_id: string;
  generation: number;
  /** Bearer token for the internal port, valid until the instance ends or is replaced. */
  token: string;
  /** The instance's own Redis user; it reaches only keys of its agent. */
  redis: { username: string; password: string };
  configuration: AgentRuntimeConfiguration;
  /** How the instance came up, for the timeline of its replies. */
  wake?: WakeInstants;
  /** Messages under way when earlier instances were lost: each is run alone, so that a further loss names its cause. */
  suspects?: string[];
  /** Where runs are traced by LangSmith; absent while they are not. */
  langsmith?: LangSmithTracing;
}

/** What people, models and tools say is in these traces, unless it is hidden. */
export interface LangSmithTracing {
  endpoint: string;
  api_key: string;
  project: string;
  /** Sends no inputs of runs, steps and models. */
  hide_inputs: boolean;
  /** Sends none of their outputs. Either hides what errors say. */
  hide_outputs: boolean;
}

/** One version of an agent as its runner needs it; secrets are in clear and kept in memory only. */
export interface AgentRuntimeConfiguration {
  agent_id: string;
  version: number;
  configuration: AgentConfiguration;
  /** The key for `model.base_url`: the agent's own, or the operator's when the base URL is the operator's. */
  model: { base_url: string; api_key: string | null };
  /** What the operator opens to tools besides public hosts: `host[:port]` or ranges; no field of an agent sets it. */
  outbound: { allowed_hosts: string[] };
  /** The agent's secrets by name, for the placeholders of its tools; absent: none. */
  secrets?: Record<string, string>;
  /** Where the operator's web search is; null without a key, absent where the manager knows of none. */
  web_search?: { base_url: string; api_key: string } | null;
}
