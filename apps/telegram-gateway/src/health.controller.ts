import { Controller, Get } from '@nestjs/common';

/** The gateway has no bots yet and depends on nothing: alive is ready. */
@Controller()
export class HealthController {
  @Get('livez')
  livez(): { status: string } {
    return { status: 'alive' };
  }

  @Get('readyz')
  readyz(): { status: string; dependencies: Record<string, never> } {
    return { status: 'ready', dependencies: {} };
  }
}
