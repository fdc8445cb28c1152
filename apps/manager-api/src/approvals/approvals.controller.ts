import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApprovalDto, ApprovalPageDto, DecideApprovalDto, PageQueryDto } from '@roost/contracts/rest';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScopeOrChatToken } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { ApprovalsService } from './approvals.service';

@ApiTags('chat')
@ApiParam({ name: 'thread_id', description: 'The thread.', example: 'thr_3nX0vQ8yZrT5bKcW1mJdLe' })
@Controller('threads/:thread_id/approvals')
export class ApprovalsController {
  constructor(private readonly approvals: ApprovalsService) {}

  @Get()
  @NeedsScopeOrChatToken('agents:read')
  @ApiOperation({ summary: 'List the calls of tools that the thread asked approval for, newest first' })
  @ApiOkResponse({ type: ApprovalPageDto })
  @ApiProblems('thread_not_found', 'validation_failed', 'invalid_cursor')
  list(
    @CurrentPrincipal() principal: Principal,
    @Param('thread_id') thread_id: string,
    @Query() query: PageQueryDto,
  ): Promise<ApprovalPageDto> {
    return this.approvals.list(principal, thread_id, query);
  }

  @Post(':approval_id')
  @HttpCode(200)
  @NeedsScopeOrChatToken('agents:run')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Approve, edit or reject a call of a tool; the same decision again is harmless' })
  @ApiParam({ name: 'approval_id', description: 'The request.', example: 'apr_7Hq2mV9xKpL4sRtYwZ0bNc' })
  @ApiOkResponse({ type: ApprovalDto, description: 'Committed: the run goes on once all are decided.' })
  @ApiProblems('thread_not_found', 'approval_not_found', 'approval_decided', 'validation_failed')
  decide(
    @CurrentPrincipal() principal: Principal,
    @Param('thread_id') thread_id: string,
    @Param('approval_id') approval_id: string,
    @Body() body: DecideApprovalDto,
  ): Promise<ApprovalDto> {
    return this.approvals.request(principal, thread_id, approval_id, body);
  }
}
