import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { CheckpointFound, CheckpointTuple } from '@roost/contracts';
import { z } from 'zod';
import type { Principal } from '../access/principal';
import { CurrentPrincipal, InstanceOnly } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';
import { parsed } from '../http/zod-body';
import { asInstance } from '../lifecycle/config.controller';
import { CheckpointsRepository } from './checkpoints.repository';

const id = z.string().max(300);
const Serialized = z.strictObject({ type: z.string().max(40), base64: z.base64() });
const Get = z.strictObject({ thread_id: id, checkpoint_ns: id, checkpoint_id: id.nullable() });
const List = z.strictObject({
  thread_id: id.nullable(),
  checkpoint_ns: id.nullable(),
  checkpoint_id: id.nullable(),
  before: id.nullable(),
  limit: z.int().min(0).nullable(),
  filter: z.record(z.string(), z.unknown()),
});
const Put = z.strictObject({
  thread_id: id,
  checkpoint_ns: id,
  checkpoint_id: id,
  parent_checkpoint_id: id.nullable(),
  checkpoint: Serialized,
  metadata: z.looseObject({ erasures: z.int32().min(0).optional() }),
});
const Write = z.strictObject({ task_id: id, index: z.int(), channel: id, value: Serialized });
const PutWrites = z.strictObject({
  thread_id: id,
  checkpoint_ns: id,
  checkpoint_id: id,
  writes: z.array(Write).max(10_000),
});
const DeleteThread = z.strictObject({ thread_id: id });

/** The checkpoint store of an instance's own agent. */
@ApiExcludeController()
@InternalOnly()
@InstanceOnly()
@Controller('internal/checkpoints')
export class CheckpointsController {
  constructor(private readonly checkpoints: CheckpointsRepository) {}

  @Post('get')
  @HttpCode(200)
  async get(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<CheckpointFound> {
    return this.checkpoints.get(asInstance(principal).agent_id, parsed(Get, body));
  }

  @Post('list')
  @HttpCode(200)
  async list(
    @CurrentPrincipal() principal: Principal,
    @Body() body: object,
  ): Promise<{ tuples: CheckpointTuple[] }> {
    return { tuples: await this.checkpoints.list(asInstance(principal).agent_id, parsed(List, body)) };
  }

  @Post('put')
  @HttpCode(204)
  async put(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<void> {
    await this.checkpoints.put(asInstance(principal).agent_id, parsed(Put, body));
  }

  @Post('writes')
  @HttpCode(204)
  async putWrites(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<void> {
    await this.checkpoints.putWrites(asInstance(principal).agent_id, parsed(PutWrites, body));
  }

  @Post('delete-thread')
  @HttpCode(204)
  async deleteThread(@CurrentPrincipal() principal: Principal, @Body() body: object): Promise<void> {
    await this.checkpoints.deleteThread(asInstance(principal).agent_id, parsed(DeleteThread, body).thread_id);
  }
}
