import { Body, Controller, Headers, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { WebhooksService } from './webhooks.service';

/** Where Telegram sends the updates of bots in the mode `webhook`. */
@Controller('telegram/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post(':bot_id')
  @HttpCode(200)
  receive(
    @Param('bot_id', ParseIntPipe) bot_id: number,
    @Headers('x-telegram-bot-api-secret-token') secret: string | undefined,
    @Body() update: unknown,
  ): Promise<void> {
    return this.webhooks.receive(bot_id, secret, update);
  }
}
