import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { CommandRequest, IntegrationStatus } from '@roost/contracts';
import { ServiceError } from '@roost/contracts';
import { HandlesCommand, HandlesEvent, StreamTransportServer } from '@roost/messaging/commands';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';

const GATEWAY_KEY = `roost_${'G'.repeat(43)}`;
const TOKEN = `123456:${'canary-token'.repeat(3)}`;

const status = (agent_id: string, state: IntegrationStatus['state']): IntegrationStatus => ({
  agent_id,
  type: 'telegram',
  desired: state === 'running' ? 'started' : 'stopped',
  state,
  bot_username: 'hours_bot',
  mode: 'polling',
  last_update_at: null,
  backlog: 0,
  last_error: null,
});

/** What gateways are asked, and told. */
const heard: string[] = [];

@Controller()
class TestGateway {
  @HandlesCommand('telegram.start')
  start({ agent_id }: CommandRequest<'telegram.start'>): Promise<IntegrationStatus> {
    heard.push(`start ${agent_id}`);
    if (agent_id.includes('taken')) throw new ServiceError('integration_conflict', 'Stop it there first.');
    return Promise.resolve(status(agent_id, 'running'));
  }

  @HandlesCommand('telegram.stop')
  stop({ agent_id, force }: CommandRequest<'telegram.stop'>): Promise<IntegrationStatus> {
    heard.push(`stop ${agent_id}${force ? ' at once' : ''}`);
    return Promise.resolve(status(agent_id, 'stopped'));
  }

  @HandlesCommand('telegram.status')
  status({ agent_id }: CommandRequest<'telegram.status'>): Promise<IntegrationStatus> {
    return Promise.resolve(status(agent_id, 'running'));
  }

  @HandlesEvent('agents.changed')
  changed({ agent_id }: CommandRequest<'agents.changed'>): Promise<void> {
    heard.push(`changed ${agent_id}`);
    return Promise.resolve();
  }
}

@Module({ controllers: [TestGateway] })
class TestGatewayModule {}

describe('integrations of an agent', () => {
  let manager: ManagerHarness;
  let gateway: { close(): Promise<void> };
  beforeAll(async () => {
    manager = await ManagerHarness.start({ GATEWAY_API_KEY: GATEWAY_KEY });
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(TestGatewayModule, {
      logger: false,
      strategy: new StreamTransportServer({
        redis: { url: manager.redis_url, name: 'test-gateway' },
        service: 'telegram',
        onError: () => undefined,
        onRejected: () => undefined,
      }),
    });
    await app.listen();
    gateway = app;
  });
  afterAll(async () => {
    await gateway.close();
    await manager.stop();
  });

  const telegram = (changes: object = {}) => ({
    integrations: [{ type: 'telegram', bot_token: TOKEN, ...changes }],
  });
  const ask = (method: string, id: string, action: string) =>
    manager.call(method, `/agents/${id}/integrations/telegram/${action}`);
  /** What a gateway is told with its own key. */
  const runtime = (id: string, key = GATEWAY_KEY) =>
    manager.internal('GET', `/internal/integrations/${id}/telegram`, undefined, key);

  it('are completed with what they leave open, and never show their token', async () => {
    const id = await manager.agent(telegram());
    const { body } = await manager.call('GET', `/agents/${id}`);
    expect(body.integrations).toEqual([
      {
        type: 'telegram',
        mode: 'polling',
        welcome_message: null,
        allowed_chats: null,
        groups: 'mention',
        streaming: 'draft',
      },
    ]);
    const versions = await manager.call('GET', `/agents/${id}/versions`);
    const rows = await manager.database.query<object[]>(
      'SELECT row_to_json(v)::text AS text FROM agent_versions v WHERE agent_id = $1',
      [id],
    );
    expect(JSON.stringify([body, versions.body, rows])).not.toContain('canary');
  });

  it('keep their token over changes, until it is removed or the integration is', async () => {
    const id = await manager.agent(telegram());
    const tokenAfter = async (patch: object) => {
      expect((await manager.call('PATCH', `/agents/${id}`, patch)).status).toBe(200);
      return (await runtime(id)).body.bot_token as unknown;
    };
    expect(await tokenAfter({ name: 'Another name' })).toBe(TOKEN);
    expect(await tokenAfter({ integrations: [{ type: 'telegram', groups: 'all' }] })).toBe(TOKEN);
    expect(await tokenAfter({ integrations: [{ type: 'telegram', bot_token: null }] })).toBeNull();
    expect(await tokenAfter(telegram())).toBe(TOKEN);
    expect(await tokenAfter({ integrations: [] })).toBeUndefined();
    expect(await tokenAfter({ integrations: [{ type: 'telegram' }] })).toBeNull();
  });

  it('come back with the version they belong to', async () => {
    const id = await manager.agent(telegram());
    await manager.call('PATCH', `/agents/${id}`, { integrations: [] });
    await manager.call('POST', `/agents/${id}/versions/1/restore`);
    expect((await runtime(id)).body).toMatchObject({ bot_token: TOKEN, enabled: true, version: 3 });
  });

  it.each([
    ['a token that is none', telegram({ bot_token: 'secret' }), 'integrations.0.bot_token'],
    ['an unknown mode', telegram({ mode: 'pull' }), 'integrations.0.mode'],
    ['a chat that is no number', telegram({ allowed_chats: ['@shop'] }), 'integrations.0.allowed_chats'],
    ['an unknown property', telegram({ webhook: 'x' }), 'integrations.0.webhook'],
    ['two of one type', { integrations: [{ type: 'telegram' }, { type: 'telegram' }] }, 'integrations'],
  ])('are refused with %s, naming the field and quoting no token', async (_what, changes, field) => {
    const { status, body } = await manager.call('POST', '/agents', {
      name: 'x',
      model: { name: 'm' },
      ...changes,
    });
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(JSON.stringify(body)).not.toContain('canary');
  });

  it('give their token to a gateway, and to nobody else', async () => {
    const id = await manager.agent(telegram());
    expect((await runtime(id)).status).toBe(200);
    const key = await manager.call('POST', '/api-keys', {
      name: 'k',
      scopes: ['agents:write', 'agents:run'],
    });
    expect((await runtime(id, key.body.key as string)).status).toBe(403);
    const onPublicPort = await manager.call('GET', `/internal/integrations/${id}/telegram`);
    expect(onPublicPort.status).toBe(404);
    expect((await runtime('agent_nobody_0000')).status).toBe(404);
    expect((await runtime(await manager.agent())).status).toBe(404);
  });

  it('are started, stopped and looked at by the gateway', async () => {
    const id = await manager.agent(telegram());
    expect(await ask('POST', id, 'start')).toMatchObject({ status: 202, body: { state: 'running' } });
    expect(await ask('GET', id, 'status')).toMatchObject({
      status: 200,
      body: { bot_username: 'hours_bot' },
    });
    expect(await ask('POST', id, 'stop')).toMatchObject({ status: 202, body: { state: 'stopped' } });
    expect((await ask('POST', id, 'stop?force=true')).status).toBe(202);
    expect(heard.filter((what) => what.includes(id))).toEqual([
      `start ${id}`,
      `stop ${id}`,
      `stop ${id} at once`,
    ]);
  });

  it('say why they cannot be started', async () => {
    const code = async (id: string) => (await ask('POST', id, 'start')).body.code as string;
    expect(await code(await manager.agent())).toBe('integration_not_configured');
    expect(await code(await manager.agent({ ...telegram(), enabled: false }))).toBe('agent_disabled');
    expect(await code(await manager.agent({ ...telegram(), name: 'Taken' }))).toBe('integration_conflict');
    expect(await code('agent_nobody_0000')).toBe('agent_not_found');
    const unknown = await manager.call('GET', `/agents/${await manager.agent()}/integrations/icq/status`);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'integration_unknown' } });
    expect((await ask('POST', await manager.agent(), 'stop?force=perhaps')).status).toBe(400);
  });

  it('are told of, when the agent changes or goes', async () => {
    const id = await manager.agent(telegram());
    await manager.call('PATCH', `/agents/${id}`, { name: 'Another name' });
    await vi.waitFor(() => expect(heard).toContain(`changed ${id}`));
    heard.length = 0;
    await manager.call('DELETE', `/agents/${id}`);
    await vi.waitFor(() => expect(heard).toContain(`changed ${id}`));
  });
});

describe('integrations without a gateway', () => {
  it('say that none runs', { timeout: 30_000 }, async () => {
    const manager = await ManagerHarness.start();
    try {
      const id = await manager.agent({ integrations: [{ type: 'telegram' }] });
      const { status, body } = await manager.call('POST', `/agents/${id}/integrations/telegram/start`);
      expect(status).toBe(503);
      expect(body).toMatchObject({ code: 'dependency_unavailable' });
      expect(body.detail).toContain('telegram');
    } finally {
      await manager.stop();
    }
  });
});
