import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { FACT_LENGTH_MAX, ServiceError, type UserFact, type UserFacts } from '@roost/contracts';
import { z } from 'zod';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { parsed } from '../http/zod-body';
import { asInstance } from '../lifecycle/config.controller';
import { FactsRepository } from './facts.repository';

const user_id = z.string().min(1).max(200);
const text = z
  .string()
  .max(FACT_LENGTH_MAX)
  .regex(/^[^\0]*\S[^\0]*$/);
const List = z.strictObject({ user_id });
const Remember = z.strictObject({ user_id, text });
const Forget = z.strictObject({ user_id, id: z.string().max(64) });

/** What an instance's own agent remembers of its users. */
@ApiExcludeController()
@InternalOnly()
@InstanceOnly()
@Controller('internal/facts')
export class FactsController {
  constructor(private readonly facts: FactsRepository) {}

  @Post('list')
  @HttpCode(200)
  async list(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<UserFacts> {
    return { facts: await this.facts.list(asInstance(principal).agent_id, parsed(List, body).user_id) };
  }

  @Post('remember')
  @HttpCode(200)
  async remember(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<UserFact> {
    const fact = parsed(Remember, body);
    const kept = await this.facts.remember(asInstance(principal).agent_id, fact.user_id, fact.text);
    if (!kept) throw new ServiceError('forbidden', 'The agent owes this user no answer.');
    return kept;
  }

  @Post('forget')
  @HttpCode(204)
  async forget(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<void> {
    const fact = parsed(Forget, body);
    await this.facts.forget(asInstance(principal).agent_id, fact.user_id, fact.id);
  }
}
