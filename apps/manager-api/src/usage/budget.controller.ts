import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { SpentToday } from '@roost/contracts';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { asInstance } from '../lifecycle/config.controller';
import { UsageService } from './usage.service';

/** What an instance's own agent has spent. */
@ApiExcludeController()
@InternalOnly()
@InstanceOnly()
@Controller('internal/budget')
export class BudgetController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  get(@CurrentPrincipal() principal: Principal): Promise<SpentToday> {
    return this.usage.spentToday(asInstance(principal).agent_id);
  }
}
