import type { Citation } from '@roost/contracts';
import { type ApiClient, until } from '@roost/testing';
import pLimit from 'p-limit';
import type { Question } from './dataset';

export interface Reply {
  question: Question;
  content: string;
  /** The set's ids of the documents that the reply cites. */
  cited: string[];
}

interface AgentOptions {
  knowledge_base_id: string;
  model: string;
  rewrite_attempts: number;
}

interface ThreadMessage {
  id: string;
  content: string;
  in_reply_to: string | null;
  status: 'accepted' | 'done' | 'failed';
  error_code: string | null;
  citations?: Citation[] | null;
}

const RETRIEVAL_LIMIT = 6;
const QUESTIONS_AT_ONCE = 4;
const REPLY_DEADLINE_MS = 180_000;

/** An agent of the installation that knows the knowledge base and nothing else. */
export async function createAgent(api: ApiClient, options: AgentOptions): Promise<string> {
  const { knowledge_base_id, model, rewrite_attempts } = options;
  const { id } = await api.call<{ id: string }>({
    method: 'POST',
    path: '/agents',
    body: {
      name: `Evaluation ${rewrite_attempts}`,
      model: { provider: 'openai', name: model, temperature: 0 },
      system_prompt: 'You answer customers and employees of Tavolga from its knowledge base.',
      tools: [
        {
          type: 'knowledge_base',
          name: 'knowledge',
          description: 'Policies, manuals and prices of Tavolga.',
          knowledge_base_ids: [knowledge_base_id],
          retrieval_limit: RETRIEVAL_LIMIT,
          rewrite_attempts,
        },
      ],
      knowledge: { limit_to_knowledge_base: true },
    },
  });
  return id;
}

/** Asks each question in a thread of its own. */
export async function askAll(
  api: ApiClient,
  agent_id: string,
  questions: readonly Question[],
  nameOf: (document_id: string) => string,
  signal: AbortSignal,
): Promise<Reply[]> {
  const limit = pLimit(QUESTIONS_AT_ONCE);
  return Promise.all(
    questions.map((question) =>
      limit(async () => {
        signal.throwIfAborted();
        const { message_id, thread_id } = await api.say(agent_id, { content: question.question });
        const { content, citations } = await replyTo(api, question.id, thread_id, message_id, signal);
        return { question, content, cited: (citations ?? []).map(({ document_id }) => nameOf(document_id)) };
      }),
    ),
  );
}

const replyTo = (
  api: ApiClient,
  question_id: string,
  thread_id: string,
  message_id: string,
  signal: AbortSignal,
): Promise<ThreadMessage> =>
  until(
    `${question_id} is answered`,
    async () => {
      signal.throwIfAborted();
      const items = (await api.messages(thread_id)).items as ThreadMessage[];
      const failed = items.find(({ id, status }) => id === message_id && status === 'failed');
      if (failed) throw new Error(`${question_id}: the run has failed (${failed.error_code ?? 'unknown'})`);
      return items.find(({ in_reply_to }) => in_reply_to === message_id);
    },
    REPLY_DEADLINE_MS,
  );
