import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { PoolExchangeResponse } from '@roost/contracts';
import { z } from 'zod';
import { Public } from '../../access/route.decorators';
import { InternalOnly } from '../../http/listeners';
import { parsed } from '../../http/zod-body';
import { PoolService } from './pool.service';

const ExchangeBody = z.strictObject({ instance_id: z.string().max(64), code: z.string().max(200) });
const ReadyBody = z.strictObject({ instance_id: z.string().max(64), token: z.string().max(200) });

/** What members of the warm pool ask of the internal port. What the body holds is the credential. */
@ApiExcludeController()
@InternalOnly()
@Public()
@Controller('internal/pool')
export class PoolController {
  constructor(private readonly pool: PoolService) {}

  @Post('exchange')
  @HttpCode(200)
  exchange(@Body() body: object): Promise<PoolExchangeResponse> {
    return this.pool.exchange(parsed(ExchangeBody, body));
  }

  @Post('ready')
  @HttpCode(204)
  ready(@Body() body: object): Promise<void> {
    return this.pool.ready(parsed(ReadyBody, body));
  }
}
