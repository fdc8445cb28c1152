import { Inject, Injectable } from '@nestjs/common';
import { CommandClient } from '@roost/messaging/commands';
import type { Logger } from 'pino';
import { LOGGER } from '../logging';

/** Tells gateways that what they know of an agent is out of date. They look by themselves, too, only later. */
@Injectable()
export class AgentChanges {
  constructor(
    private readonly commands: CommandClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Nobody waits for it. */
  tell(agent_id: string): void {
    this.commands.announce('agents.changed', { agent_id }).catch((error: unknown) => {
      this.logger.info({ err: error, agent_id }, 'gateways hear of a change later');
    });
  }
}
