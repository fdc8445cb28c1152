import { ChatOpenAI } from '@langchain/openai';
import type { AgentRuntimeConfiguration } from '@roost/contracts';

interface Models {
  agent?: ChatOpenAI;
  grading?: ChatOpenAI;
  undemanding?: ChatOpenAI;
  notes?: ChatOpenAI;
}

/** Tokens that notes have at least, whatever a reply may have: cut off they would lose what is newest. */
const NOTES_TOKENS = 1_500;

/** One client a configuration and use, so that its connections are used again. */
export class ModelFactory {
  private readonly models = new WeakMap<AgentRuntimeConfiguration, Models>();

  /** `ask` reaches the provider, or stands in for it. */
  constructor(private readonly ask?: typeof fetch) {}

  of(runtime: AgentRuntimeConfiguration): ChatOpenAI {
    const { temperature, max_tokens } = runtime.configuration.model;
    return (this.known(runtime).agent ??= build(runtime, this.ask, {
      model: runtime.configuration.model.name,
      temperature,
      ...(max_tokens === null ? {} : { maxTokens: max_tokens }),
    }));
  }

  /** The agent's own model, with room for notes. */
  notes(runtime: AgentRuntimeConfiguration): ChatOpenAI {
    const { name, temperature, max_tokens } = runtime.configuration.model;
    if (max_tokens === null || max_tokens >= NOTES_TOKENS) return this.of(runtime);
    const settings = { model: name, temperature, maxTokens: NOTES_TOKENS };
    return (this.known(runtime).notes ??= build(runtime, this.ask, settings));
  }

  /** The model that judges what was found, as little random as it can be had. */
  grading(runtime: AgentRuntimeConfiguration): ChatOpenAI {
    return (this.known(runtime).grading ??= build(runtime, this.ask, {
      model: gradingModel(runtime),
      temperature: 0,
    }));
  }

  /** The same without settings that some models refuse. */
  undemanding(runtime: AgentRuntimeConfiguration): ChatOpenAI {
    return (this.known(runtime).undemanding ??= build(runtime, this.ask, { model: gradingModel(runtime) }));
  }

  private known(runtime: AgentRuntimeConfiguration): Models {
    let models = this.models.get(runtime);
    if (!models) {
      models = {};
      this.models.set(runtime, models);
    }
    return models;
  }
}

export const gradingModel = ({ configuration }: AgentRuntimeConfiguration): string =>
  configuration.knowledge?.grading_model ?? configuration.model.name;

function build(
  { model: { base_url, api_key } }: AgentRuntimeConfiguration,
  ask: typeof fetch | undefined,
  settings: { model: string; temperature?: number; maxTokens?: number },
): ChatOpenAI {
  return new ChatOpenAI({
    ...settings,
    // Local servers ask for no key, but the client insists on one.
    apiKey: api_key ?? 'none',
    configuration: { baseURL: base_url, ...(ask ? { fetch: ask } : {}) },
    streamUsage: true,
    // Retries are ours alone: see ModelCall.
    maxRetries: 0,
  });
}
