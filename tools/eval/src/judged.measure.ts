import type { ApiClient } from '@roost/testing';
import pLimit from 'p-limit';
import { declines } from './chat.model';
import type { JudgeSettings } from './config';
import type { Question, Split } from './dataset';
import { askAll, createAgent } from './agent.client';
import { type JudgedReply, type JudgedRow, judgedRows } from './judged.rows';
import type { KnowledgeClient } from './knowledge.client';

interface JudgedRun {
  api: ApiClient;
  knowledge: KnowledgeClient;
  judge: JudgeSettings;
  questions: readonly Question[];
  splits: readonly Split[];
  signal: AbortSignal;
}

const REWRITE_ATTEMPTS = 2;
const VERDICTS_AT_ONCE = 4;

/** Two agents that differ in one thing: whether they may rewrite a question. */
export async function measureJudged(run: JudgedRun): Promise<JudgedRow[]> {
  const { api, knowledge, judge, questions, splits, signal } = run;
  const ask = async (rewrite_attempts: number, asked: readonly Question[]) => {
    console.log(`asking ${asked.length} questions of an agent with ${rewrite_attempts} rewrites`);
    const { knowledge_base_id } = knowledge;
    const agent = await createAgent(api, { knowledge_base_id, model: judge.model, rewrite_attempts });
    return askAll(api, agent, asked, (id) => knowledge.nameOf(id), signal);
  };
  const replies = await ask(REWRITE_ATTEMPTS, questions);
  const without = await ask(
    0,
    questions.filter(({ kind }) => kind === 'rewrite'),
  );
  const limit = pLimit(VERDICTS_AT_ONCE);
  const judged = await Promise.all(
    replies.map((reply) =>
      limit(async (): Promise<JudgedReply> => {
        signal.throwIfAborted();
        return { ...reply, declined: await declines(judge, reply.question.question, reply.content) };
      }),
    ),
  );
  return judgedRows(splits, judged, without);
}
