import { Controller, Get, HttpCode, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../access/route.decorators';
import { OnBothPorts } from '../http/listeners';
import { HealthService, type Readiness } from './health.service';

const EXAMPLE = { status: 'ready', dependencies: { postgres: 'up', redis: 'up', launcher: 'up' } };

@ApiTags('health')
@Public()
@OnBothPorts()
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('livez')
  @HttpCode(200)
  @ApiOperation({ summary: 'Whether the process is alive' })
  @ApiOkResponse({
    schema: {
      type: 'object',
      properties: { status: { type: 'string', example: 'alive', description: 'Always `alive`.' } },
    },
  })
  livez(): { status: string } {
    return { status: 'alive' };
  }

  @Get('readyz')
  @ApiOperation({ summary: 'Whether it serves, dependency by dependency' })
  @ApiOkResponse({ description: 'It serves.', schema: { type: 'object', example: EXAMPLE } })
  @ApiResponse({
    status: 503,
    description: 'A dependency does not answer, or it is shutting down.',
    schema: { type: 'object', example: { ...EXAMPLE, status: 'not_ready' } },
  })
  async readyz(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.health.readiness();
    response.status(readiness.status === 'ready' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}
