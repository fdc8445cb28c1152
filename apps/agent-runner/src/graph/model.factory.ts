import { ChatOpenAI } from '@langchain/openai';
import type { AgentRuntimeConfiguration } from '@roost/contracts';

/** One client a configuration, so that its connections are used again. */
export class ModelFactory {
  private readonly models = new WeakMap<AgentRuntimeConfiguration, ChatOpenAI>();

  /** `ask` stands in for the provider. */
  constructor(private readonly ask?: typeof fetch) {}

  of(runtime: AgentRuntimeConfiguration): ChatOpenAI {
    let model = this.models.get(runtime);
    if (!model) {
      model = build(runtime, this.ask);
      this.models.set(runtime, model);
    }
    return model;
  }
}

function build(
  { configuration, model: { base_url, api_key } }: AgentRuntimeConfiguration,
  ask: typeof fetch | undefined,
): ChatOpenAI {
  const { name, temperature, max_tokens } = configuration.model;
  return new ChatOpenAI({
    model: name,
    temperature,
    ...(max_tokens === null ? {} : { maxTokens: max_tokens }),
    // Local servers ask for no key, but the client insists on one.
    apiKey: api_key ?? 'none',
    configuration: { baseURL: base_url, ...(ask ? { fetch: ask } : {}) },
    streamUsage: true,
    // Retries are ours alone: see ModelCall.
    maxRetries: 0,
  });
}
