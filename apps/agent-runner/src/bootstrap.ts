import { NestFactory } from '@nestjs/core';
import { NestLogger } from '@roost/service-kit';
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
