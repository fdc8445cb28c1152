import { type AgentConfiguration, newMessageId, newThreadId } from '@roost/contracts';
import { CheckpointClient } from '../checkpoints/checkpoint.client';
import { HttpCheckpointSaver } from '../checkpoints/http-checkpoint.saver';
import { ManagerClient } from '../exchange/manager.client';
import { KnowledgeClient } from '../knowledge/knowledge.client';
import { ToolboxFactory } from '../tools/toolbox.factory';
import { UserMemory } from '../memory/user.memory';
import { TokenBudget } from '../usage/token.budget';
import { AgentGraph } from './agent.graph';
import { ModelCall } from './model.call';
import { ModelFactory } from './model.factory';
import { streamChunks } from './model.stream';
import { RunMeter } from './run.meter';

const DEADLINE_MS = 10_000;
const NOWHERE = 'http://127.0.0.1:1';

/**
 * Answers one message of nobody with a model that is not there. The first run of a process compiles what no import
 * does; whoever waits for an answer should not wait for that.
 */
export async function rehearse(): Promise<void> {
  const call = new ModelCall(streamChunks, {
    timeout_ms: DEADLINE_MS,
    stall_ms: DEADLINE_MS,
    backoff_ms: DEADLINE_MS,
  });
  const manager = new NoManager(NOWHERE, null);
  const memory = new HttpCheckpointSaver(new CheckpointClient(manager));
  const models = new ModelFactory(cannedAnswer);
  const graph = new AgentGraph(
    models,
    call,
    new ToolboxFactory(manager),
    memory,
    new KnowledgeClient(manager),
    new UserMemory(manager),
  );
  await graph.answer(
    [
      {
        message_id: newMessageId(),
        thread_id: newThreadId(),
        content: 'Hello',
        channel: 'web',
        user_id: null,
        user_data: {},
        claimed: {},
        version: 0,
        accepted_at: 0,
      },
    ],
    {
      configuration: {
        agent_id: 'agent_warm_0000',
        version: 0,
        configuration,
        model: { base_url: NOWHERE, api_key: null },
        outbound: { allowed_hosts: [] },
      },
      meter: new RunMeter(),
      budget: new TokenBudget(manager),
      onToken: () => undefined,
      onRetry: () => undefined,
      onStep: () => undefined,
      onAuthorizationRequest: () => undefined,
      onTool: () => undefined,
    },
    AbortSignal.timeout(DEADLINE_MS),
  );
}

/** Remembers nothing. */
class NoManager extends ManagerClient {
  override request<Result>(): Promise<Result> {
    return Promise.resolve({ tuple: null, tuples: [] } as Result);
  }
}

/** What a provider streams, without asking one. */
const cannedAnswer: typeof fetch = () => {
  const chunk = (delta: object, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'rehearsal', object: 'chat.completion.chunk', created: 0, model: 'none', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const body = `${chunk({ role: 'assistant', content: 'Hi' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`;
  return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
};

const configuration: AgentConfiguration = {
  name: 'Rehearsal',
  description: '',
  enabled: true,
  model: { provider: 'openai', name: 'none', base_url: null, temperature: 0, max_tokens: null },
  system_prompt: '',
  answer_in_user_language: false,
  use_markdown: false,
  memory: { enabled: true, depth: 10 },
  tools: [],
  integrations: [],
  limits: { memory_mb: 512, cpus: 1, pids: 128 },
  inactivity_timeout: null,
  access: { chat: 'private' },
  on_busy: 'enqueue',
  collect_pause_ms: 1_500,
};
