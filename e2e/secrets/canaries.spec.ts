import {
  aPublicAgent,
  environmentOf,
  type GatewayProcess,
  PlainChat,
  redisCli,
  SocketIoChat,
  TelegramApi,
  until,
} from '@roost/testing';
import { startBot } from '../telegram/use.telegram';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';

const operatorKey = `sk-canary-operator-${randomBytes(8).toString('hex')}`;
const agentKey = `sk-canary-agent-${randomBytes(8).toString('hex')}`;
const toolSecret = `tok-canary-tool-${randomBytes(8).toString('hex')}`;
const said = `canary-said-${randomBytes(8).toString('hex')}`;

/** Every value in Redis, whatever its type. */
const EVERYTHING = `
  local seen = {}
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', key).ok
    local value = ''
    if kind == 'string' then value = redis.call('GET', key)
    elseif kind == 'stream' then value = redis.call('XRANGE', key, '-', '+')
    elseif kind == 'hash' then value = redis.call('HGETALL', key)
    elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
    elseif kind == 'set' then value = redis.call('SMEMBERS', key)
    elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1)
    end
    table.insert(seen, key .. ' ' .. cjson.encode(value))
  end
  return seen`;

describe('secrets', () => {
  const roost = useInstallation({ env: { OPENAI_API_KEY: operatorKey, LOG_LEVEL: 'trace' } });
  const secrets: Record<string, string> = {};
  let telegram: TelegramApi;
  afterAll(() => telegram.stop());
  let gateway: GatewayProcess;
  let phone = '';

  /** Uses every secret once: agents with and without a key of their own, failures, keys, tokens, sockets. */
  beforeAll(async () => {
    const { api, model, origin } = roost();
    const byOperator = await api.createAgent(aPublicAgent({ name: 'By operator' }));
    const byItself = await api.createAgent(
      aPublicAgent({
        name: 'By itself',
        model: { provider: 'vllm', name: 'own', base_url: model.baseUrl, api_key: agentKey },
      }),
    );
    // Sent to a host that is refused, so that failures are seen, too.
    const withTool = await api.call<{ id: string }>({
      method: 'POST',
      path: '/agents',
      body: {
        ...aPublicAgent({ name: 'With a tool' }),
        secrets: { shop_token: toolSecret },
        tools: [
          {
            type: 'http_request',
            name: 'look',
            description: 'Looks.',
            url: 'http://127.0.0.1:1/',
            headers: { authorization: 'Bearer {secret.shop_token}' },
            query: { key: '{secret.shop_token}' },
          },
        ],
      },
    });
    await api.call({
      method: 'POST',
      path: `/agents/${withTool.id}/tools/look/test`,
      deadlineMs: 70_000,
      body: { arguments: {} },
    });
    await api.send({
      method: 'POST',
      path: '/agents',
      body: { name: 1, secrets: { shop_token: toolSecret } },
    });
    const made = await api.createKey('agents:run', 'users:assert');
    const token = await api.createChatToken(byItself.id, { user_id: 'ada' });
    for (const { id } of [byOperator, byItself]) {
      const chat = await PlainChat.open(origin, id, { key: made.key });
      chat.say(said);
      await chat.reply();
      model.fail({ kind: 'unauthorized' });
      chat.say('fail');
      await chat.error('model_unauthorized');
      await chat.close();
    }
    const io = await SocketIoChat.open(origin, byItself.id, { key: token.token });
    await io.reply((await io.said('with a token')).message_id);
    io.close();
    await api.as(`${made.key}x`).send({ method: 'GET', path: '/agents' });
    await api.send({ method: 'GET', path: `/agents?api_key=${made.key}` });
    await api.send({ method: 'POST', path: '/agents', body: { name: 1, model: { api_key: agentKey } } });
    await api.send({
      method: 'POST',
      path: '/api-keys',
      body: { name: 'kept', scopes: ['admin'] },
      headers: { 'idempotency-key': 'canary' },
    });
    telegram = await TelegramApi.start();
    gateway = await roost().startGateway(telegram.url, { LOG_LEVEL: 'trace' });
    const { bot } = await startBot(roost(), telegram);
    const ada = telegram.user({ first_name: 'Ada' });
    ada.says(bot, said);
    ada.sharesContact(bot);
    phone = ada.phone_number;
    await telegram.until(() => telegram.chat(bot, ada).replies.length > 1, 'an answer');
    Object.assign(secrets, {
      "a bot's token": bot.token,
      "the operator's provider key": operatorKey,
      "the agent's provider key": agentKey,
      "a tool's secret": toolSecret,
      'the bootstrap key': api.key,
      'an API key': made.key,
      'a chat token': token.token,
      'the key of secrets': roost().environment['SECRETS_KEY'],
      'the password of Redis': decodeURIComponent(new URL(roost().redis.url).password),
      'the password of PostgreSQL': decodeURIComponent(new URL(roost().database.url).password),
    });
  });

  function expectNone(text: string, where: string): void {
    expect(text.length, where).toBeGreaterThan(0);
    for (const [what, secret] of Object.entries(secrets)) {
      expect(secret.length, what).toBeGreaterThan(8);
      expect(text.includes(secret), `${what} in ${where}`).toBe(false);
    }
  }

  it("of an agent travel to its own base_url, and the operator's do not", async () => {
    const heard: IncomingHttpHeaders[] = [];
    const provider = createServer((request, response) => {
      heard.push(request.headers);
      response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const base_url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    const { id } = await roost().api.createAgent(
      aPublicAgent({ model: { provider: 'vllm', name: 'own', base_url, api_key: agentKey } }),
    );
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('whose key?');
    await chat.error('model_unauthorized');

    expect(heard).toMatchObject([{ authorization: `Bearer ${agentKey}` }]);
    expect(JSON.stringify(heard)).not.toContain(operatorKey);
    await chat.close();
    await roost().api.deleteAgent(id);
    provider.close();
    provider.closeAllConnections();
  });

  it('stand in no line that a manager or a runner logs, at the finest level', () => {
    expect(roost().manager.log()).toMatch(/"level":(10|20)/);
    expectNone(roost().manager.log(), "the manager's log");
    expectNone(roost().runners.logs(), "the runners' logs");
    expectNone(gateway.log(), "the gateway's log");
    expect(phone.length).toBeGreaterThan(8);
    for (const log of [roost().manager.log(), roost().runners.logs(), gateway.log()]) {
      expect(log, 'what users say is not logged').not.toContain(said);
      expect(log, 'nor is who they are').not.toContain(phone);
    }
  });

  it('stand in no value of Redis, not even the tokens and passwords of instances', async () => {
    const everything = await redisCli(roost().redis.url, 'EVAL', EVERYTHING, '0');

    expect(everything).toContain(said);
    expectNone(everything, 'Redis');
    expect(everything).not.toMatch(/\binst_[\w-]{20}/);
    expect(everything).not.toMatch(/roost_[\w-]{43}/);
  });

  it('stand in no row of PostgreSQL in clear', async () => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const rows: string[] = [];
    for (const { name } of tables.rows) {
      const dump = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
      rows.push(...dump.rows.map(({ row }) => `${name} ${row}`));
    }
    await client.end();
    const everything = rows.join('\n');

    expect(tables.rows.length).toBeGreaterThan(5);
    expect(everything).toContain(said);
    expectNone(everything, 'PostgreSQL');
    expect(everything).not.toMatch(/\binst_[\w-]{20}/);
    expect(everything).not.toMatch(/roost_[\w-]{43}/);
  });

  it("stand in no runner's environment or command line, nor does a credential for Redis or the manager", async () => {
    const pids = roost()
      .runners.living()
      .map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThanOrEqual(2);

    for (const pid of pids) {
      const seen = [...environmentOf(pid), readFileSync(`/proc/${pid}/cmdline`, 'utf8')].join('\n');
      expectNone(seen, `process ${pid}`);
      const code = /^EXCHANGE_CODE=(.+)$/m.exec(seen)?.[1];
      const answer = await fetch(`${roost().manager.internalOrigin}/internal/instances/exchange`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          agent_id: /^AGENT_ID=(.+)$/m.exec(seen)?.[1],
          instance_id: /^INSTANCE_ID=(.+)$/m.exec(seen)?.[1],
          code,
        }),
      });
      expect(answer.status, 'its code has been used').toBe(401);
    }
  });

  it('are never given back by the API', async () => {
    const { api } = roost();
    const paths = ['/agents', '/api-keys', '/openapi.json', '/readyz'];
    const { items } = await api.call<{ items: { id: string }[] }>({ method: 'GET', path: '/agents' });
    for (const { id } of items) {
      paths.push(
        ...['', '/status', '/versions', '/threads', '/logs?tail=10000'].map((rest) => `/agents/${id}${rest}`),
      );
    }
    for (const path of paths) {
      const answer = await api.send({ method: 'GET', path });
      expectNone(JSON.stringify([answer.body, [...answer.headers]]), path);
    }
  });

  it('are kept when another part of the model changes, and asked for again when its address does', async () => {
    const { api, model } = roost();
    const { id } = await api.createAgent(
      aPublicAgent({ model: { provider: 'vllm', name: 'own', base_url: model.baseUrl, api_key: agentKey } }),
    );
    await api.patchAgent(id, { model: { name: 'own-2' } });
    const moved = await api.send({
      method: 'PATCH',
      path: `/agents/${id}`,
      body: { model: { base_url: 'http://elsewhere.example/v1' } },
    });
    const chat = await PlainChat.open(roost().origin, id);
    chat.say('still?');

    await chat.reply();

    expect(moved).toMatchObject({ status: 400, body: { code: 'model_key_required' } });
    await chat.close();
  });

  it("of the operator are refused to an agent whose base_url is not the operator's", async () => {
    const answer = await roost().api.send({
      method: 'POST',
      path: '/agents',
      body: aPublicAgent({ model: { name: 'x', base_url: 'http://thief.example/v1' } }),
    });

    expect(answer).toMatchObject({ status: 400, body: { code: 'model_key_required' } });
  });

  it('end with a shutdown that logs none of them either', async () => {
    const ending = roost().manager;
    await ending.stop();

    expectNone(ending.log(), "the manager's log");
    await roost().startAgain(ending);
    await until(
      'it serves',
      async () => (await roost().api.send({ method: 'GET', path: '/readyz' })).status === 200,
    );
  });
});
