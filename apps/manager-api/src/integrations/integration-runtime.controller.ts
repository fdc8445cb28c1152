import { Controller, Get, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { IntegrationRuntime } from '@roost/contracts';
import { NeedsScope } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { IntegrationsService } from './integrations.service';

/** What a gateway is told of the integration that it serves. */
@ApiExcludeController()
@InternalOnly()
@Controller('internal/integrations')
export class IntegrationRuntimeController {
  constructor(private readonly integrations: IntegrationsService) {}

  @Get(':agent_id/:integration_type')
  @NeedsScope('integrations:serve')
  get(
    @Param('agent_id') agent_id: string,
    @Param('integration_type') type: string,
  ): Promise<IntegrationRuntime> {
    return this.integrations.runtime(agent_id, type);
  }
}
