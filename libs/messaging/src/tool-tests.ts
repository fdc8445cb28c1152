import { ToolTestAnswer, ToolTestRequest, topics } from '@roost/contracts';
import type { Redis } from 'ioredis';
import type { Subscriptions } from './subscriptions';

/**
 * Calls of a tool for a person who tries it, over publish and subscribe: at most once, kept nowhere. Whoever does not
 * hear of the answer cannot know whether the call was made.
 */
export class ToolTests {
  constructor(
    private readonly commands: Redis,
    private readonly subscriptions: Subscriptions,
  ) {}

  /**
   * Asks the agent's instance. `nobody`: no instance listens, and no call was made; `silent`: none has answered
   * within `wait_ms` milliseconds. Rejects when Redis is away.
   */
  async request(agent_id: string, request: ToolTestRequest): Promise<ToolTestAnswer | 'nobody' | 'silent'> {
    let take: (answer: ToolTestAnswer | 'silent') => void = () => undefined;
    const answered = new Promise<ToolTestAnswer | 'silent'>((resolve) => (take = resolve));
    // First: an answer may come before `publish` does.
    const unlisten = await this.subscriptions.listen(
      topics.toolTested(agent_id, request.request_id),
      (message) => take(ToolTestAnswer.parse(JSON.parse(message))),
    );
    const timer = setTimeout(() => take('silent'), request.wait_ms);
    try {
      const json = JSON.stringify(ToolTestRequest.parse(request));
      const listeners = await this.commands.publish(topics.toolTest(agent_id), json);
      return listeners === 0 ? 'nobody' : await answered;
    } finally {
      clearTimeout(timer);
      unlisten();
    }
  }

  /**
   * For the agent's own instance: answers what it is asked with `answer`; null answers nothing. Resolves once the
   * subscription stands; call the result to end it.
   */
  serve(
    agent_id: string,
    answer: (request: ToolTestRequest) => Promise<ToolTestAnswer | null>,
    onFailure: (error: unknown) => void,
  ): Promise<() => void> {
    const reply = async (request: ToolTestRequest): Promise<void> => {
      const found = await answer(request);
      if (found === null) return;
      const json = JSON.stringify(ToolTestAnswer.parse(found));
      await this.commands.publish(topics.toolTested(agent_id, request.request_id), json);
    };
    return this.subscriptions.listen(topics.toolTest(agent_id), (message) => {
      reply(ToolTestRequest.parse(JSON.parse(message))).catch(onFailure);
    });
  }
}
