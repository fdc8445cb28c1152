import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anAgent, environmentOf, PlainChat, redisCli, until } from '@roost/testing';
import { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const OPERATORS_KEY = 'sk-canary-of-the-operator';
const AGENTS_KEY = 'sk-canary-of-the-agent';
const TEXT = 'canary-in-a-message';

describe('secrets', () => {
  const roost = useInstallation({ env: { OPENAI_API_KEY: OPERATORS_KEY, LOG_LEVEL: 'debug' } });
  const canaries: string[] = [];
  let agents: string[] = [];
  let chat_token = '';

  beforeAll(async () => {
    const { api, model, origin, environment } = roost();
    const own = { name: 'own-key', base_url: model.baseUrl, api_key: AGENTS_KEY };
    const [operators, withOwn] = [
      await api.createAgent(anAgent()),
      await api.createAgent(anAgent({ model: own })),
    ];
    agents = [operators.id, withOwn.id];
    const { key } = await api.createKey('agents:run');
    chat_token = (await api.createChatToken(operators.id, { user_id: 'ada' })).token;
    canaries.push(
      OPERATORS_KEY,
      AGENTS_KEY,
      key,
      environment['BOOTSTRAP_API_KEY'] ?? '',
      environment['SECRETS_KEY'] ?? '',
      chat_token,
    );

    for (const agent of agents) {
      const chat = await PlainChat.open(origin, agent, { key });
      chat.say(TEXT);
      await chat.reply();
      await chat.close();
    }
    // Failures are logged in more detail than successes.
    model.fail({ kind: 'unauthorized' }, { times: agents.length });
    for (const agent of agents) {
      const { thread_id } = await api.say(agent, { content: TEXT });
      await until('the failure is visible', async () =>
        (await api.messages(thread_id)).items.some(({ status }) => status === 'failed'),
      );
    }
    await api.as(`${key}x`).send({ method: 'GET', path: '/agents' });
    await api.send({ method: 'POST', path: `/agents?api_key=${key}`, body: anAgent({ model: own }) });
  });

  const untilFailed = (thread_id: string) =>
    until('the failure is visible', async () =>
      (await roost().api.messages(thread_id)).items.some(({ status }) => status === 'failed'),
    );

  const expectNoneIn = (place: string, text: string, also: string[] = []) => {
    expect(text.length, `${place} was read`).toBeGreaterThan(100);
    for (const canary of [...canaries, ...also])
      expect(text.includes(canary), `${canary.slice(0, 12)}… in ${place}`).toBe(false);
  };

  it('of an agent go to its own base URL, and those of the operator do not', async () => {
    const seen: string[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization ?? 'none');
      response.writeHead(401).end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { api } = roost();
    const base_url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/v1`;
    const { id } = await api.createAgent(anAgent({ model: { name: 'm', base_url, api_key: AGENTS_KEY } }));

    const { thread_id } = await api.say(id, { content: TEXT });
    await untilFailed(thread_id);

    expect(seen).toEqual([`Bearer ${AGENTS_KEY}`]);
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  it('and message texts are in no log', () => {
    expectNoneIn('the logs of managers and runners', roost().logs() + roost().runners.logs(), [TEXT]);
  });

  it('are not in Redis', async () => {
    const { url } = roost().redis;
    const reads: Record<string, (key: string) => string[]> = {
      string: (key) => ['GET', key],
      stream: (key) => ['XRANGE', key, '-', '+'],
      hash: (key) => ['HGETALL', key],
    };
    let dump = '';
    for (const key of (await redisCli(url, '--scan')).split('\n').filter(Boolean)) {
      const type = (await redisCli(url, 'TYPE', key)).trim();
      const read = reads[type];
      if (!read) throw new Error(`this test cannot read a ${type}: ${key}`);
      dump += `${key}\n${await redisCli(url, ...read(key))}\n`;
    }
    expectNoneIn('Redis', dump);
  });

  it('are not in the database, where they are sealed', async () => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      const tables = await client.query<{ tablename: string }>(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
      );
      let dump = '';
      for (const { tablename } of tables.rows) {
        const { rows } = await client.query<{ row: string }>(
          `SELECT row_to_json(t)::text AS row FROM "${tablename}" t`,
        );
        dump += rows.map(({ row }) => row).join('\n');
      }
      expect(dump).toContain('v1.');
      expectNoneIn('the database', dump);
    } finally {
      await client.end();
    }
  });

  it('are not in the environment of a runner, which holds nothing that lasts', async () => {
    for (const agent of agents) {
      const { pid } = await roost().runners.of(agent);
      const environment = environmentOf(pid).join('\n');
      expect(environment).toContain('EXCHANGE_CODE=');
      expectNoneIn('the environment of a runner', environment);
      const code = /EXCHANGE_CODE=([^\0\n]+)/.exec(environment)?.[1] ?? '';
      const instance_id = /INSTANCE_ID=([^\0\n]+)/.exec(environment)?.[1] ?? '';
      const again = await fetch(`${roost().manager.internalOrigin}/internal/instances/exchange`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ agent_id: agent, instance_id, code }),
      });
      expect(again.status).toBe(401);
    }
  });

  it('of an agent are in no answer of the API', async () => {
    const { api } = roost();
    const answers = await Promise.all([
      ...agents.map((id) => api.send({ method: 'GET', path: `/agents/${id}` })),
      ...agents.map((id) => api.send({ method: 'GET', path: `/agents/${id}/versions` })),
      ...agents.map((id) => api.send({ method: 'GET', path: `/agents/${id}/logs?tail=1000` })),
      api.send({ method: 'GET', path: '/api-keys' }),
    ]);
    expectNoneIn('answers', JSON.stringify(answers.map(({ body }) => body)));
  });
});
