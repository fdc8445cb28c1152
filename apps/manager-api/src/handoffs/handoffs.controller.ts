import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HANDOFF_WAIT_MS_MAX, type HandoffResponse, MESSAGE_CONTENT_MAX } from '@roost/contracts';
import { z } from 'zod';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { parsed } from '../http/zod-body';
import { asInstance } from '../lifecycle/config.controller';
import { HandoffsService } from './handoffs.service';

const Place = z.strictObject({
  message_id: z.string().max(64).nullable(),
  idempotency_key: z.string().min(1).max(120),
});
const Ask = Place.extend({
  tool: z.string().max(64),
  message: z.string().max(MESSAGE_CONTENT_MAX),
  wait_ms: z.int().min(0).max(HANDOFF_WAIT_MS_MAX),
});

/** Agents that ask other agents. */
@ApiExcludeController()
@InternalOnly()
@InstanceOnly()
@Controller('internal/handoffs')
export class HandoffsController {
  constructor(private readonly handoffs: HandoffsService) {}

  @Post()
  @HttpCode(200)
  ask(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<HandoffResponse> {
    return this.handoffs.ask(asInstance(principal).agent_id, parsed(Ask, body));
  }

  @Post('cancel')
  @HttpCode(204)
  cancel(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<void> {
    return this.handoffs.cancel(asInstance(principal).agent_id, parsed(Place, body));
  }
}
