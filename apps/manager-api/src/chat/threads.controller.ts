import { Controller, Delete, Get, Headers, HttpCode, Param, Query, Res } from '@nestjs/common';
import {
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { MessagePageDto, PageQueryDto, ThreadDto, ThreadPageDto } from '@roost/contracts/rest';
import type { Response } from 'express';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScope, NeedsScopeOrChatToken } from '../access/route.decorators';
import { ApiProblems } from '../http/api.decorators';
import { StreamsService } from './streams.service';
import { ThreadsService } from './threads.service';

const THREAD_ID = { name: 'thread_id', description: 'The thread.', example: 'thr_3nX0vQ8yZrT5bKcW1mJdLe' };

@ApiTags('chat')
@Controller()
export class ThreadsController {
  constructor(
    private readonly threads: ThreadsService,
    private readonly streams: StreamsService,
  ) {}

  @Get('agents/:agent_id/threads')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'List the threads of an agent, newest first' })
  @ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
  @ApiOkResponse({ type: ThreadPageDto })
  @ApiProblems('agent_not_found', 'validation_failed', 'invalid_cursor')
  list(@Param('agent_id') agent_id: string, @Query() query: PageQueryDto): Promise<ThreadPageDto> {
    return this.threads.list(agent_id, query);
  }

  @Get('threads/:thread_id')
  @NeedsScopeOrChatToken('agents:read')
  @ApiOperation({ summary: 'Read a thread' })
  @ApiParam(THREAD_ID)
  @ApiOkResponse({ type: ThreadDto })
  @ApiProblems('thread_not_found')
  get(@CurrentPrincipal() principal: Principal, @Param('thread_id') id: string): Promise<ThreadDto> {
    return this.threads.get(principal, id);
  }

  @Delete('threads/:thread_id')
  @HttpCode(204)
  @NeedsScope('agents:write')
  @ApiOperation({ summary: 'Delete a thread with its messages' })
  @ApiParam(THREAD_ID)
  @ApiNoContentResponse({ description: 'Deleted, now or before.' })
  @ApiProblems()
  async delete(@Param('thread_id') id: string): Promise<void> {
    await this.threads.delete(id);
  }

  @Get('threads/:thread_id/messages')
  @NeedsScopeOrChatToken('agents:read')
  @ApiOperation({ summary: 'List the messages of a thread, oldest first' })
  @ApiParam(THREAD_ID)
  @ApiOkResponse({ type: MessagePageDto })
  @ApiProblems('thread_not_found', 'validation_failed', 'invalid_cursor')
  messages(
    @CurrentPrincipal() principal: Principal,
    @Param('thread_id') id: string,
    @Query() query: PageQueryDto,
  ): Promise<MessagePageDto> {
    return this.threads.messagesOf(principal, id, query);
  }

  @Get('threads/:thread_id/events')
  @NeedsScopeOrChatToken('agents:read')
  @ApiOperation({ summary: 'Follow a thread as server-sent events, from `Last-Event-ID` on' })
  @ApiParam(THREAD_ID)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The last event seen.',
    schema: { type: 'string', example: '9f2c4b7a1d3e.1722-0' },
  })
  @ApiOkResponse({
    description: 'Frames, each with its event id.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems('thread_not_found', 'validation_failed')
  events(
    @CurrentPrincipal() principal: Principal,
    @Param('thread_id') id: string,
    @Headers('last-event-id') last_event_id: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    return this.streams.streamThread(principal, id, last_event_id, response);
  }
}
