import { Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CancelledMessagesDto } from '@roost/contracts/rest';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScopeOrChatToken } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { CancellingService } from './cancelling.service';

@ApiTags('chat')
@Controller('threads/:thread_id/cancel')
export class CancelsController {
  constructor(private readonly cancelling: CancellingService) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @NeedsScopeOrChatToken('agents:run')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Stop what the thread still owes; what was said until then is kept' })
  @ApiParam({ name: 'thread_id', description: 'The thread.', example: 'thr_3nX0vQ8yZrT5bKcW1mJdLe' })
  @ApiAcceptedResponse({
    type: CancelledMessagesDto,
    description: 'Committed: each ends within a second. Empty when nothing was owed.',
  })
  @ApiProblems('thread_not_found')
  create(
    @CurrentPrincipal() principal: Principal,
    @Param('thread_id') thread_id: string,
  ): Promise<CancelledMessagesDto> {
    return this.cancelling.request(principal, thread_id);
  }
}
