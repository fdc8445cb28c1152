import type { AgentConfiguration, RetrievedChunk } from '@roost/contracts';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { AgentFixture } from './agent.fixture';
import { RedisProcess } from './redis.process';
import { knowledgeTool } from './scripted.knowledge';

/** An agent that answers from nothing but its knowledge. */
export const LIMITED = { limit_to_knowledge_base: true, grading_model: null };

/** An agent for each test of a file, what its knowledge holds, and questions to it. */
export function useKnowledgeAgent() {
  let redis: RedisProcess;
  let agent: AgentFixture;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.kill());
  beforeEach(async () => {
    agent = await AgentFixture.create(redis.url);
  });
  afterEach(() => agent.destroy());

  return {
    agent: () => agent,
    use: (changes: Partial<AgentConfiguration> = {}) =>
      agent.configure(1, { tools: [knowledgeTool()], ...changes }),
    /** What is found by which query. */
    holds: (found: Record<string, RetrievedChunk[]>): void => {
      agent.manager.knowledge = ({ query }) => found[query] ?? [];
    },
    searched: () => agent.manager.searches.map(({ query }) => query),
    /** The report on one message, and what listeners saw of the way to it. */
    async ask(content: string) {
      await agent.startRunner();
      const message = await agent.send(content, { opens_thread: true });
      const report = await agent.reportOn(message);
      const frames = await agent.frames(message.thread_id);
      return {
        message,
        report,
        steps: frames.flatMap((frame) =>
          frame.type === 'run' && frame.state === 'working' ? [`${frame.step}: ${frame.content}`] : [],
        ),
        tools: frames.flatMap((frame) => (frame.type === 'tool' ? [`${frame.name} ${frame.state}`] : [])),
        streamed: await agent.streamed(message.thread_id),
      };
    },
  };
}
