import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../logger';
import { requestId } from './request-id';

describe('the id of a request', () => {
  const lines: Record<string, unknown>[] = [];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const logger = await createLogger(
      { name: 'test', level: 'info', format: 'json' },
      { write: (line) => void lines.push(JSON.parse(line)) },
    );
    const app = express();
    app.use(requestId);
    app.use((_request: Request, response: Response, next: NextFunction) => {
      setImmediate(() => {
        logger.info({ only_here: true }, 'before');
        logger.info('deep inside');
        response.end();
        next();
      });
    });
    server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('is on the answer and on every line logged while it is served', async () => {
    const answer = await fetch(url);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(lines.at(-1)).not.toHaveProperty('only_here');
    expect(lines.at(-1)).toMatchObject({
      msg: 'deep inside',
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it('is the one of the caller when that is well formed, else a new one', async () => {
    expect(
      (await fetch(url, { headers: { 'x-request-id': 'trace-12345678' } })).headers.get('x-request-id'),
    ).toBe('trace-12345678');
    expect(
      (await fetch(url, { headers: { 'x-request-id': '<script>' } })).headers.get('x-request-id'),
    ).toMatch(/^req_/);
  });
});
