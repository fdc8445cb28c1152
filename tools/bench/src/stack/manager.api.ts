import { MODEL, SYSTEM_PROMPT } from '../workload';

/** What the benchmark asks of the public port. */
export class ManagerApi {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  async createAgent(name: string): Promise<string> {
    const { id } = await this.call<{ id: string }>('POST', '/agents', {
      name,
      model: { provider: 'openai', name: MODEL, temperature: 0.7 },
      system_prompt: SYSTEM_PROMPT,
      answer_in_user_language: false,
      use_markdown: true,
    });
    return id;
  }

  /** Resolves once the agent runs. */
  async start(agent_id: string): Promise<void> {
    const { state, reason, detail } = await this.call<AgentStatus>(
      'POST',
      `/agents/${agent_id}/start?wait=60`,
    );
    if (state !== 'running') throw new Error(`${agent_id} is ${state}: ${reason ?? ''} ${detail ?? ''}`);
  }

  /** Resolves once the agent has stopped. */
  async stop(agent_id: string): Promise<void> {
    const ends = performance.now() + 30_000;
    await this.call('POST', `/agents/${agent_id}/stop?force=true`);
    for (;;) {
      const { state } = await this.call<AgentStatus>('GET', `/agents/${agent_id}/status`);
      if (state === 'stopped') return;
      if (performance.now() > ends) throw new Error(`${agent_id} is still ${state} after 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async call<Result>(method: string, path: string, body?: unknown): Promise<Result> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(90_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Result;
  }
}

interface AgentStatus {
  state: string;
  reason: string | null;
  detail: string | null;
}
