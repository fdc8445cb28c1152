import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { ExchangeResponse, ReadyResponse } from '@roost/contracts';
import { z } from 'zod';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly, NeedsScope, Public } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { parsed } from '../http/zod-body';
import { asInstance } from './config.controller';
import { ExchangeService } from './exchange.service';
import { LifecycleService } from './lifecycle.service';

/** A year, in milliseconds. */
const UPTIME_MAX_MS = 366 * 24 * 3_600_000;

const ExchangeBody = z.strictObject({
  agent_id: z.string().max(64),
  instance_id: z.string().max(64),
  code: z.string().max(200),
});

/** A body may be absent. */
const ReadyBody = z.strictObject({ uptime_ms: z.number().min(0).max(UPTIME_MAX_MS).optional() }).prefault({});

const StartByHandBody = z.strictObject({ agent_id: z.string().max(64) });

/** What runner instances ask of the internal port. */
@ApiExcludeController()
@InternalOnly()
@Controller('internal/instances')
export class InstancesController {
  constructor(
    private readonly exchangeService: ExchangeService,
    private readonly lifecycle: LifecycleService,
  ) {}

  /** For a runner that a person starts: a new generation, and the code its program exchanges. */
  @Post()
  @HttpCode(201)
  @NeedsScope('admin')
  startByHand(@Body() body: object): Promise<{ instance_id: string; code: string; generation: number }> {
    return this.lifecycle.startByHand(parsed(StartByHandBody, body).agent_id);
  }

  /** The code in the body is the credential. */
  @Post('exchange')
  @HttpCode(200)
  @Public()
  exchange(@Body() body: object): Promise<ExchangeResponse> {
    return this.exchangeService.exchange(parsed(ExchangeBody, body));
  }

  @Post('ready')
  @HttpCode(200)
  @InstanceOnly()
  ready(@CurrentPrincipal() principal: Principal, @Body() body?: object): Promise<ReadyResponse> {
    return this.exchangeService.ready(asInstance(principal), parsed(ReadyBody, body));
  }
}
