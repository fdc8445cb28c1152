import { Controller, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandRequest, ServiceError } from '@roost/contracts';
import { of } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CommandContext } from './command.context';
import { HandlesCommand, HandlesEvent } from './command.decorators';
import { CommandErrorFilter } from './command-error.filter';
import { gate, statusOf, STREAM, TransportStage } from './stream-transport.suite';

const heard: string[] = [];
let held = Promise.resolve();

@Controller()
class IntegrationController {
  @HandlesCommand('telegram.start')
  async start(
    @Payload() { agent_id }: CommandRequest<'telegram.start'>,
    @Ctx() { pattern, signal }: CommandContext,
  ) {
    heard.push(`${pattern} ${String(signal.aborted)}`);
    await held;
    return statusOf(agent_id);
  }

  @HandlesCommand('telegram.stop')
  async stop({ agent_id }: CommandRequest<'telegram.stop'>): Promise<never> {
    return Promise.reject(new ServiceError('agent_not_found', `No ${agent_id}.`));
  }

  @HandlesEvent('agents.changed')
  async changed({ agent_id }: CommandRequest<'agents.changed'>): Promise<void> {
    heard.push(agent_id);
    if (heard.filter((other) => other === agent_id).length === 1) throw new Error('not now');
    return Promise.resolve();
  }
}

@Controller()
class PlainController {
  @MessagePattern('telegram.status')
  status({ agent_id }: { agent_id: string }) {
    if (agent_id === 'none') throw new ServiceError('agent_not_found', 'No such agent.');
    return of(statusOf(agent_id));
  }

  @EventPattern('agents.changed')
  changed({ agent_id }: { agent_id: string }): void {
    heard.push(agent_id);
  }
}

@Module({ controllers: [IntegrationController] })
class GatewayModule {}

@Module({ controllers: [PlainController] })
class PlainModule {}

describe('handlers in a Nest application', () => {
  const stage = new TransportStage();
  const open: INestApplicationContext[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((app) => app.close()));
    heard.length = 0;
  });

  /** Beside HTTP, as the services run. */
  async function hybrid(): Promise<void> {
    const app = await NestFactory.create(GatewayModule, { logger: false });
    app.connectMicroservice({ strategy: stage.strategy() });
    await app.startAllMicroservices();
    await app.init();
    open.push(app);
  }

  async function plain(): Promise<void> {
    const app = await NestFactory.createMicroservice(PlainModule, {
      strategy: stage.strategy(),
      logger: false,
    });
    app.useGlobalFilters(new CommandErrorFilter());
    await app.listen();
    open.push(app);
  }

  it('answer requests, and are told the command and its signal', async () => {
    await hybrid();
    expect(await stage.client().request('telegram.start', { agent_id: 'a' })).toEqual(statusOf('a'));
    expect(heard).toEqual(['telegram.start false']);
  });

  it('throw a ServiceError that reaches the caller as it is', async () => {
    await hybrid();
    await expect(
      stage.client().request('telegram.stop', { agent_id: 'a', force: false }),
    ).rejects.toMatchObject({ code: 'agent_not_found', detail: 'No a.' });
  });

  it('of events are called again after they threw', async () => {
    await hybrid();
    await stage.client().announce('agents.changed', { agent_id: 'a' });
    await vi.waitFor(() => expect(heard).toEqual(['a', 'a']), 20_000);
    await vi.waitFor(async () => expect(await stage.raw.xlen(STREAM)).toBe(0));
  });

  it('may be written with the plain decorators and answer with an Observable', async () => {
    await plain();
    const client = stage.client();
    expect(await client.request('telegram.status', { agent_id: 'a' })).toEqual(statusOf('a'));
    await expect(client.request('telegram.status', { agent_id: 'none' })).rejects.toMatchObject({
      code: 'agent_not_found',
    });
    await client.announce('agents.changed', { agent_id: 'b' });
    await vi.waitFor(() => expect(heard).toEqual(['b']));
  });

  it('are waited for when the application closes', async () => {
    await hybrid();
    const { opened, open: release } = gate();
    held = opened;
    const asked = stage.client().request('telegram.start', { agent_id: 'a' });
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    const closed = Promise.all(open.splice(0).map((app) => app.close()));
    // Its last read ends a second after it began.
    await vi.waitFor(async () =>
      expect(await stage.raw.client('LIST')).not.toMatch(/name=gateway.*flags=b /),
    );
    release();
    expect(await asked).toEqual(statusOf('a'));
    await closed;
    await vi.waitFor(async () => expect(await stage.raw.client('LIST')).not.toMatch(/name=gateway/));
  });
});
