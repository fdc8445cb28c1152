import pRetry from 'p-retry';
import { z } from 'zod';
import type { JudgeSettings } from './config';

const ANSWER_DEADLINE_MS = 60_000;
const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});
const verdict = z.object({ declines: z.boolean() });

const instruction = `You are given a user's question and an assistant's reply. Decide whether the reply declines to answer:
it says that the information is not available, or only refers the user elsewhere. A reply that gives the information
asked for, right or wrong, does not decline. Answer with JSON alone: {"declines": true} or {"declines": false}.`;

/** Whether a reply owns that it does not know, as the model reads it. */
export const declines = (judge: JudgeSettings, question: string, reply: string): Promise<boolean> =>
  pRetry(
    async () => {
      const answer = await fetch(`${judge.base_url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${judge.api_key}` },
        body: JSON.stringify({
          model: judge.model,
          temperature: 0,
          response_format: { type: 'json_object' },
          messages: [
            { role: 'system', content: instruction },
            { role: 'user', content: JSON.stringify({ question, reply }) },
          ],
        }),
        signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
      });
      if (!answer.ok)
        throw new Error(`the judging model answers ${answer.status}: check OPENAI_BASE_URL and EVAL_MODEL`);
      const [first] = completion.parse(await answer.json()).choices;
      return verdict.parse(JSON.parse(first?.message.content ?? '')).declines;
    },
    { retries: 3, randomize: true },
  );
