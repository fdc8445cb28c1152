import type { RoostctlConfig } from '../config';
import { answerOf, type Check, failed, ok, skipped } from './check';

/** Whether the operator's model provider takes the operator's key. */
export const modelChecks = ({ OPENAI_API_KEY, OPENAI_BASE_URL }: RoostctlConfig): Check[] => [
  {
    name: 'model provider',
    run: async () => {
      if (OPENAI_API_KEY === undefined)
        return skipped('set OPENAI_API_KEY (and OPENAI_BASE_URL) as the manager has them');
      const url = `${OPENAI_BASE_URL.replace(/\/$/, '')}/models`;
      const answer = await answerOf(url, { authorization: `Bearer ${OPENAI_API_KEY}` });
      if (!answer) return failed(`${OPENAI_BASE_URL} does not answer: see OPENAI_BASE_URL and the way out`);
      if (answer.status === 401 || answer.status === 403)
        return failed(`it refused the key (${answer.status}): see OPENAI_API_KEY`);
      // Not every server of the protocol lists its models; one that answers is there.
      return answer.status >= 500
        ? failed(`it answered ${answer.status}: see its status page`)
        : ok(`answers (${answer.status})`);
    },
  },
];
