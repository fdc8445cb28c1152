import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { CommandRequest, IntegrationStatus } from '@roost/contracts';
import { HandlesCommand, HandlesEvent } from '@roost/messaging/commands';
import { BotsService } from './bots.service';

/** What managers ask of the gateway. Each may come twice. */
@Controller()
export class BotsController {
  constructor(private readonly bots: BotsService) {}

  @HandlesCommand('telegram.start')
  start(@Payload() { agent_id }: CommandRequest<'telegram.start'>): Promise<IntegrationStatus> {
    return this.bots.start(agent_id);
  }

  @HandlesCommand('telegram.stop')
  stop(@Payload() { agent_id, force }: CommandRequest<'telegram.stop'>): Promise<IntegrationStatus> {
    return this.bots.stop(agent_id, force);
  }

  @HandlesCommand('telegram.status')
  status(@Payload() { agent_id }: CommandRequest<'telegram.status'>): Promise<IntegrationStatus> {
    return this.bots.status(agent_id);
  }

  /** Heard by one gateway; whichever holds the agent's bot sees it in its next round. */
  @HandlesEvent('agents.changed')
  changed(@Payload() { agent_id }: CommandRequest<'agents.changed'>): Promise<void> {
    return this.bots.changed(agent_id);
  }
}
