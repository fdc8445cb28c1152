import { describe, expect, it } from 'vitest';
import { outlookOf } from './report.outlook';

const failure = (code: string | undefined, message = 'failed') =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe('the outlook of a report that could not be committed', () => {
  it.each([
    ['a lost connection', failure('08006')],
    ['PostgreSQL shutting down', failure('57P01')],
    ['a refused connection', failure('ECONNREFUSED')],
    ['a deadlock', failure('40P01')],
    ['a full disk', failure('53100')],
    ['a standby', failure('25006')],
    ['a plan that a migration made stale', failure('0A000')],
    ['a full Redis', failure(undefined, 'OOM command not allowed when used memory > maxmemory')],
    ['a Redis that reads its file', failure(undefined, 'LOADING Redis is loading the dataset in memory')],
    ['a Redis that is away', failure(undefined, 'Connection is closed.')],
  ])('passes with %s', (_name, error) => expect(outlookOf(error)).toBe('passes'));

  it.each([
    ['a value out of range', failure('22003')],
    ['a constraint', failure('23514')],
  ])('never changes with %s', (_name, error) => expect(outlookOf(error)).toBe('never'));

  it.each([
    ['a missing column', failure('42703')],
    ['a key of another type', failure(undefined, 'WRONGTYPE Operation against a key')],
    ['a mistake of ours', new TypeError('x is not a function')],
  ])('is unclear with %s', (_name, error) => expect(outlookOf(error)).toBe('unclear'));
});
