import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { INestApplication } from '@nestjs/common';
import { startGateway } from './bootstrap';
import { readConfig } from './config';

describe('the gateway without bots', () => {
  let app: INestApplication | undefined;
  afterEach(async () => {
    await app?.close();
  });

  it('is alive and ready, and answers anything else with a problem that has a code', async () => {
    app = await startGateway(
      readConfig({ GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: '0' }),
      pino({ enabled: false }),
    );
    const url = await app.getUrl();

    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready', dependencies: {} });
    const unknown = await fetch(`${url}/bots`);
    expect(unknown.headers.get('content-type')).toContain('application/problem+json');
    expect(await unknown.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('names a variable that does not fit, and stops', () => {
    expect(() => readConfig({ GATEWAY_PORT: 'high' })).toThrow(/GATEWAY_PORT/);
  });
});
