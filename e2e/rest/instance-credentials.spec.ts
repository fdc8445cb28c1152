import type { ExchangeResponse } from '@roost/contracts';
import {
  anAgent,
  ApiClient,
  type ApiRequest,
  environmentOf,
  PlainChat,
  redisCli,
  SocketIoChat,
  until,
} from '@roost/testing';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useInstallation } from '../use.installation';
import { type OpenApi, requestTo, routesOf } from './openapi.walk';

interface Instance {
  agent_id: string;
  environment: Record<string, string>;
  exchange: ExchangeResponse;
}

describe("a runner's credentials", () => {
  const roost = useInstallation({ env: { RUNNER_ENTRY: join(import.meta.dirname, 'instance.fixture.mjs') } });
  let mine: Instance;
  let other = '';

  /** Starts an agent and becomes its runner. */
  async function becomeInstance(): Promise<Instance> {
    const { id } = await roost().api.createAgent(anAgent());
    await roost().api.start(id, 0);
    const { pid } = await roost().runners.of(id);
    const environment = Object.fromEntries(
      environmentOf(pid).map((line) => line.split(/=(.*)/s) as [string, string]),
    );
    const { body, status } = await exchange(environment);
    expect(status).toBe(200);
    const exchanged = body as ExchangeResponse;
    expect(await internal(exchanged.token).send(ready)).toMatchObject({ status: 200 });
    return { agent_id: id, environment, exchange: exchanged };
  }

  const internal = (token: string | null) => new ApiClient(roost().manager.internalOrigin, token);
  const exchange = ({ AGENT_ID, INSTANCE_ID, EXCHANGE_CODE }: Record<string, string | undefined>) =>
    internal(null).send({
      method: 'POST',
      path: '/internal/instances/exchange',
      body: { agent_id: AGENT_ID, instance_id: INSTANCE_ID, code: EXCHANGE_CODE },
    });
  const ready: ApiRequest = { method: 'POST', path: '/internal/instances/ready' };
  const config = (agent_id: string): ApiRequest => ({ method: 'GET', path: `/agents/${agent_id}/config` });

  beforeAll(async () => {
    other = (await roost().api.createAgent(anAgent({ name: 'Other' }))).id;
  });

  beforeEach(async () => {
    mine = await becomeInstance();
  });

  it('are no part of the environment it is created with, but for a code that works once', async () => {
    expect(Object.keys(mine.environment).sort()).toEqual([
      'AGENT_ID',
      'CONFIG_URL',
      'EXCHANGE_CODE',
      'INSTANCE_ID',
      'LOG_FORMAT',
      'LOG_LEVEL',
      'PATH',
      'REDIS_URL',
      'STOP_GRACE_SECONDS',
    ]);
    expect(new URL(mine.environment['REDIS_URL'] ?? '').password).toBe('');

    expect(await exchange(mine.environment)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });

  it('read the configuration of its own agent and no other', async () => {
    const { token } = mine.exchange;

    expect(await internal(token).send(config(mine.agent_id))).toMatchObject({
      status: 200,
      body: { agent_id: mine.agent_id, model: { api_key: 'sk-operator' } },
    });
    expect(await internal(token).send(config(other))).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
  });

  it('are refused by every other route of the public port', async () => {
    const client = roost().api.as(mine.exchange.token);
    const document = await client.call<OpenApi>({ method: 'GET', path: '/openapi.json' });
    const ids = {
      agent_id: mine.agent_id,
      thread_id: 'thr_0000000000000000000000',
      api_key_id: 'key_x',
      version: '1',
    };
    const closed = routesOf(document).filter(({ credentials }) =>
      credentials.some((kind) => kind !== 'instance'),
    );
    expect(closed.length).toBeGreaterThan(20);

    for (const route of closed) {
      const answer = await client.send(requestTo(route, ids));
      expect(answer, `${route.method} ${route.template}`).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
  });

  it('are refused once the instance was stopped', async () => {
    const { token } = mine.exchange;
    await roost().api.stop(mine.agent_id, { force: true });
    await until('it has stopped', async () => (await roost().api.status(mine.agent_id)).state === 'stopped');

    for (const request of [
      config(mine.agent_id),
      ready,
      { method: 'POST', path: '/internal/checkpoints/get', body: {} },
    ]) {
      expect(await internal(token).send(request)).toMatchObject({ status: 401 });
    }
  });

  it("reach its agent's keys in Redis and no others, and nothing once it was stopped", async () => {
    const { username, password } = mine.exchange.redis;
    const url = new URL(roost().redis.url);
    Object.assign(url, { username, password });
    const own = `roost:agent:${mine.agent_id}:inbox`;
    const foreign = `roost:agent:${other}:inbox`;

    await expect(redisCli(url.href, 'XADD', own, '*', 'json', '{}')).resolves.toMatch(/^\d+-\d+$/);
    for (const command of [
      ['XADD', foreign, '*', 'json', '{}'],
      ['GET', 'roost:limit:x'],
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['ACL', 'LIST'],
      ['CONFIG', 'GET', '*'],
      ['PUBLISH', `roost:agent:${other}:status`, '{}'],
      ['EVAL', `return redis.call('get', '${foreign}')`, '0'],
    ]) {
      await expect(redisCli(url.href, ...command), command.join(' ')).resolves.toMatch(
        /NOPERM|can't access|No permissions/i,
      );
    }

    await roost().api.stop(mine.agent_id, { force: true });
    await until('it has stopped', async () => (await roost().api.status(mine.agent_id)).state === 'stopped');
    await expect(redisCli(url.href, 'XADD', own, '*', 'json', '{}')).resolves.toMatch(
      /NOAUTH|WRONGPASS|AUTH failed/,
    );
  });

  it('open no socket', async () => {
    const { token: key } = mine.exchange;
    const plain = await PlainChat.open(roost().origin, mine.agent_id, { key });
    const socketIo = await SocketIoChat.open(roost().origin, mine.agent_id, { key });

    await expect(plain.closed).resolves.toMatchObject({ code: 4401 });
    await expect(socketIo.closed).resolves.toMatchObject({ code: 4401 });
  });

  it('are never given to a key of an operator', async () => {
    const { api } = roost();

    expect(await api.send(config(mine.agent_id))).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await internal(api.key).send(config(mine.agent_id))).toMatchObject({ status: 403 });
  });
});
