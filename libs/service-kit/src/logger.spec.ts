import { describe, expect, it } from 'vitest';
import { createLogger } from './logger';

describe('a log line', () => {
  it('never shows what fields named like secrets hold, at the top or one level down', async () => {
    let text = '';
    const logger = await createLogger(
      { name: 'test', level: 'info', format: 'json' },
      { write: (line) => void (text += line) },
    );
    for (const field of [
      'authorization',
      'password',
      'api_key',
      'token',
      'secret',
      'key',
      'content',
      'cookie',
    ]) {
      logger.info({ [field]: 'canary', nested: { [field]: 'canary' } });
    }
    logger.info({
      req: { headers: { authorization: 'canary', cookie: 'canary', 'sec-websocket-protocol': 'canary' } },
    });
    expect(text).not.toContain('canary');
  });

  it('tells of an error what failed, and not what was being sent', async () => {
    let text = '';
    const logger = await createLogger(
      { name: 'test', level: 'info', format: 'json' },
      { write: (line) => void (text += line) },
    );
    const error = Object.assign(new Error('WRONGPASS'), {
      command: { name: 'auth', args: ['user', 'canary'] },
      parameters: ['canary'],
      query: 'canary',
    });
    logger.warn({ err: error }, 'failed');
    expect(text).toContain('WRONGPASS');
    expect(text).toContain('"command":"auth"');
    expect(text).not.toContain('canary');
  });
});
