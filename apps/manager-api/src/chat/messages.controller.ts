import { Body, Controller, Headers, HttpStatus, Ip, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AcceptedMessageDto, CreateMessageDto } from '@roost/contracts/rest';
import { within } from '@roost/service-kit/tracing';
import type { Request, Response } from 'express';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, NeedsScopeOrChatToken } from '../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { StreamsService } from './streams.service';

/** A stranger's is not taken over: they could join traces. A gateway is part of the service. */
const traceOf = (principal: Principal, request: Request): string | undefined =>
  principal.kind === 'api_key' && principal.scopes.includes('integrations:serve')
    ? request.get('traceparent')
    : undefined;

@ApiTags('chat')
@Controller('agents/:agent_id/messages')
export class MessagesController {
  constructor(private readonly streams: StreamsService) {}

  @Post()
  @NeedsScopeOrChatToken('agents:run')
  @ApiIdempotent()
  @ApiOperation({
    summary: 'Send a message; with `Accept: text/event-stream` the answer streams until the run is over',
  })
  @ApiParam({ name: 'agent_id', description: 'The agent.', example: 'agent_opening_hours_x7k2' })
  @ApiAcceptedResponse({
    type: AcceptedMessageDto,
    description: 'Committed: it ends in one reply or one visible failure.',
  })
  @ApiOkResponse({
    description: 'The frames of the run as server-sent events.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'agent_not_found',
    'thread_not_found',
    'agent_disabled',
    'client_message_id_reused',
    'thread_busy',
    'too_many_pending',
  )
  async create(
    @CurrentPrincipal() principal: Principal,
    @Ip() address: string,
    @Param('agent_id') agent_id: string,
    @Body() body: CreateMessageDto,
    @Headers('accept') accept: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    await within(traceOf(principal, response.req), async () => {
      if (accept?.includes('text/event-stream'))
        return this.streams.streamRun(principal, address, agent_id, body, response);
      const accepted = await this.streams.accept(principal, address, agent_id, body);
      response.status(HttpStatus.ACCEPTED).json(accepted);
    });
  }
}
