import { describe, expect, it } from 'vitest';
import { fromProvider } from './model.error';

const answer = (status: number | undefined, fields: object = {}): Error =>
  Object.assign(new Error('canary-key canary-prompt'), { status, headers: new Headers(), ...fields });

describe('fromProvider', () => {
  it.each([
    [401, 'model_unauthorized', false],
    [403, 'model_unauthorized', false],
    [404, 'model_not_found', false],
    [408, 'model_timeout', true],
    [400, 'model_bad_request', false],
    [422, 'model_bad_request', false],
    [429, 'model_rate_limited', true],
    [500, 'model_unavailable', true],
    [503, 'model_unavailable', true],
    [529, 'model_unavailable', true],
    [undefined, 'model_unavailable', true],
  ])('reads status %s as %s; asking again helps: %s', (status, code, helps) => {
    expect(fromProvider(answer(status))).toMatchObject({ code, retry: { helps } });
  });

  it('never repeats what the provider said: it may quote the key or the prompt', () => {
    for (const status of [400, 401, 404, 429, 500, undefined]) {
      expect(fromProvider(answer(status)).message).not.toContain('canary');
    }
  });

  it('waits as long as the provider asks, in seconds or until a date', () => {
    const after = (value: string) =>
      fromProvider(answer(429, { headers: new Headers({ 'retry-after': value }) })).retry.after_ms;
    expect(after('2')).toBe(2_000);
    expect(after(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(55_000);
    expect(after('soon')).toBe(0);
    expect(after('-5')).toBe(0);
  });

  it('does not ask again when the credit is used up', () => {
    expect(fromProvider(answer(429, { code: 'insufficient_quota' }))).toMatchObject({
      code: 'model_rate_limited',
      message: expect.stringContaining('credit'),
      retry: { helps: false },
    });
  });

  it('calls an unreadable answer malformed', () => {
    expect(fromProvider(new SyntaxError('Unexpected token')).code).toBe('model_malformed');
  });

  it('says that a conversation is too long', () => {
    const error = answer(400, { name: 'ContextOverflowError' });
    expect(fromProvider(error)).toMatchObject({
      code: 'model_bad_request',
      message: expect.stringContaining('memory.depth'),
    });
  });
});
