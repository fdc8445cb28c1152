import { Injectable } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import { timingSafeEqual } from 'node:crypto';
import type { Update } from 'telegraf/types';
import { z } from 'zod';
import { BotKeeper } from '../bots/bot.keeper';
import { BotsRepository } from '../bots/bots.repository';
import { UpdatesRepository } from './updates.repository';
import { hashSecret } from './webhook.receiver';

const SentUpdate = z.looseObject({ update_id: z.int().min(0) });

@Injectable()
export class WebhooksService {
  constructor(
    private readonly bots: BotsRepository,
    private readonly updates: UpdatesRepository,
    private readonly keeper: BotKeeper,
  ) {}

  /**
   * Resolves once the update is committed; only then may Telegram hear that it was received.
   * @throws {ServiceError} `forbidden` without the secret of this very bot.
   */
  async receive(bot_id: number, secret: string | undefined, body: unknown): Promise<void> {
    const bot = Number.isSafeInteger(bot_id) ? await this.bots.findById(bot_id) : null;
    const expected = bot?.webhook_secret_hash ?? Buffer.alloc(32);
    const same = timingSafeEqual(hashSecret(secret ?? ''), expected);
    if (!same || !bot?.webhook_secret_hash)
      throw new ServiceError('forbidden', 'This address is for Telegram alone.');
    const update = SentUpdate.safeParse(body);
    if (!update.success) throw new ServiceError('validation_failed', 'The body is no update of Telegram.');
    // Telegram keeps what is not taken, and says it again.
    if (!(await this.updates.receive(bot_id, [update.data as unknown as Update], null)))
      throw new ServiceError('dependency_unavailable', 'The bot is stopped.');
    this.keeper.updatesCame(bot_id);
  }
}
