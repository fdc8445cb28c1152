import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';
import { BotApiSilence } from '../bot-api/bot-api.error';
import { problemOf } from './bot.problem';

it('what operators are told names PostgreSQL where it is to blame, and repeats none of its words', () => {
  const error = new QueryFailedError('INSERT …', [], new Error('invalid input: "my secret"'));
  expect(problemOf(error)).toEqual({
    code: 'database_unavailable',
    detail: 'PostgreSQL does not take what Telegram said. It is tried again.',
  });
  expect(problemOf(new BotApiSilence('ETIMEDOUT'))).toMatchObject({ code: 'telegram_unavailable' });
});
