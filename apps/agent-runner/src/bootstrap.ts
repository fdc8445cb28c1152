import { NestFactory } from '@nestjs/core';
import type { ExchangeResponse } from '@roost/contracts';
import { NestLogger } from '@roost/service-kit';
import type { PoolConfig } from './config';
import { rehearse } from './graph/rehearsal';
import { RunnerService } from './lifecycle/runner.service';
import { RunnerModule, type RunnerSetting } from './runner.module';

/** Builds everything, the compiled graph included, and connects nowhere. */
export async function assemble(setting: RunnerSetting): Promise<RunnerService> {
  const context = await NestFactory.createApplicationContext(
    RunnerModule.forInstance(setting),

    { logger: new NestLogger(setting.logger), abortOnError: false },
  );
  return context.get(RunnerService);
}

/** Loads and compiles all that an instance needs, by assembling one of no agent and rehearsing an answer. */
export async function warmUp(
  config: PoolConfig,
  setting: Omit<RunnerSetting, 'config' | 'exchange'>,
): Promise<void> {
  const nobody = 'agent_warm_0000';
  const exchange: ExchangeResponse = {
    instance_id: config.INSTANCE_ID,
    generation: 0,
    token: '',
    redis: { username: '', password: '' },
    configuration: {
      agent_id: nobody,
      version: 0,
      model: { base_url: 'http://127.0.0.1:1', api_key: null },
      outbound: { allowed_hosts: [] },
      configuration: {} as ExchangeResponse['configuration']['configuration'],
    },
  };
  await assemble({ ...setting, config: { ...config, AGENT_ID: nobody }, exchange });
  // Only speed is lost without it.
  await rehearse().catch((error: unknown) => setting.logger.warn({ err: error }, 'rehearsal failed'));
}
