import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { MetricsRegistry } from './metrics.registry';

/** For Prometheus. Who may ask is for the app to say: on a class of its own that extends this one. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsRegistry) {}

  @Get()
  async scrape(@Res() response: Response): Promise<void> {
    const text = await this.metrics.text();
    response.setHeader('content-type', this.metrics.content_type);
    response.setHeader('cache-control', 'no-store');
    response.end(text);
  }
}
