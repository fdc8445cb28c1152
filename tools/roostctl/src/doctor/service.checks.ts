import { z } from 'zod';
import type { RoostctlConfig } from '../config';
import { answerOf, type Check, failed, ok, skipped } from './check';

const SKEW_MAX_S = 5;
const Readiness = z.object({ status: z.string(), dependencies: z.record(z.string(), z.string()) });

/** What to do about a dependency that the manager cannot reach. */
const remedies: Record<string, string> = {
  postgres: "does not answer the manager: see its log and the manager's DATABASE_URL",
  redis: "does not answer the manager: see its log and the manager's REDIS_URL",
  launcher:
    'the engine or the cluster does not answer the manager: see DOCKER_HOST and engine-proxy, or KUBERNETES_NAMESPACE and its role',
  qdrant: "does not answer the manager: see the manager's QDRANT_URL and QDRANT_API_KEY",
};

/** The service itself, and what only its manager can see. */
export function serviceChecks({ ROOST_URL, ROOST_API_KEY, GATEWAY_URL }: RoostctlConfig): Check[] {
  const at = (path: string): string => `${ROOST_URL.replace(/\/$/, '')}${path}`;
  const readiness = once(async () => {
    const answer = await answerOf(at('/readyz'));
    return answer && Readiness.safeParse(await answer.json().catch(() => null)).data;
  });
  const dependency = (name: string): Check => ({
    name: `${name}, as the manager sees it`,
    run: async () => {
      const state = (await readiness())?.dependencies[name];
      if (state === undefined) return skipped(name === 'qdrant' ? 'not in use' : 'the manager does not tell');
      return state === 'up' ? ok('up') : failed(remedies[name] ?? 'down');
    },
  });
  return [
    {
      name: 'service',
      run: async () => {
        const found = await readiness();
        if (!found) return failed(`${ROOST_URL} does not answer: is it running? Set ROOST_URL or --url`);
        return found.status === 'ready'
          ? ok(`${ROOST_URL} is ready`)
          : failed(`${ROOST_URL} is ${found.status}`);
      },
    },
    ...['postgres', 'redis', 'launcher', 'qdrant'].map(dependency),
    {
      name: 'API key',
      run: async () => {
        if (ROOST_API_KEY === undefined) return failed('none: set ROOST_API_KEY or --api-key');
        const answer = await answerOf(at('/agents?limit=1'), { authorization: `Bearer ${ROOST_API_KEY}` });
        if (!answer) return skipped('the service does not answer');
        if (answer.status === 403)
          return failed('it lacks the scope agents:read: make another with POST /api-keys');
        return answer.ok
          ? ok('accepted')
          : failed(`refused (${answer.status}): is it of this installation, and not revoked?`);
      },
    },
    {
      name: 'clock',
      run: async () => {
        const answer = await answerOf(at('/livez'));
        const theirs = Date.parse(answer?.headers.get('date') ?? '');
        if (Number.isNaN(theirs)) return skipped('the service does not answer');
        // The header is cut to whole seconds.
        const skew = Math.abs(Date.now() - theirs) / 1_000;
        return skew > SKEW_MAX_S
          ? failed(`the service's clock and this one's are ${Math.round(skew)} s apart: run NTP on both`)
          : ok(`within ${SKEW_MAX_S} s of this machine`);
      },
    },
    {
      name: 'gateway',
      run: async () => {
        if (GATEWAY_URL === undefined)
          return skipped('set GATEWAY_URL, as http://127.0.0.1:8002, where bots are served');
        const answer = await answerOf(`${GATEWAY_URL.replace(/\/$/, '')}/readyz`);
        return answer?.ok
          ? ok('ready')
          : failed(
              `${GATEWAY_URL}/readyz says ${answer?.status ?? 'nothing'}: see the log of telegram-gateway`,
            );
      },
    },
  ];
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => (found ??= look());
}
