import type { HandoffResponse } from '@roost/contracts';
import { expect, it } from 'vitest';
import { type ManagerRequest, ManagerUnavailableError } from '../exchange/manager.client';
import { aCall, handoffTool as configured } from '../test/remote.tools';
import { handoffTool } from './handoff.tool';
import type { ToolServices } from './tool.builder';

const asker = { thread_id: 'thr_1', message_id: 'msg_1', channel: 'web', user_id: null, user_data: {} };

it('waits on for an answer while the manager is away: what was begun goes on there', async () => {
  const answers: (() => HandoffResponse)[] = [
    () => ({ status: 'pending' }),
    () => {
      throw new ManagerUnavailableError('It is being replaced.');
    },
    () => ({ status: 'done', content: 'Two are open.' }),
  ];
  const keys: unknown[] = [];
  const request = <Result>({ body }: ManagerRequest<Result>): Promise<Result> => {
    keys.push((body as { idempotency_key: string }).idempotency_key);
    return Promise.resolve().then(() => answers.shift()?.() as Result);
  };
  const [built] = await handoffTool(configured(), { manager: { request } } as ToolServices);
  const answer = await built?.tool.call(
    { message: 'Open invoices?' },
    {
      idempotency_key: 'key-1',
      signal: new AbortController().signal,
      asker,
      requestAuthorization: () => undefined,
    },
  );
  expect(answer).toEqual({ ok: true, content: 'Two are open.' });
  expect(keys).toEqual(['key-1', 'key-1', 'key-1']);
});

it('can be tried without a message: the manager is told that there is none', async () => {
  const asked: unknown[] = [];
  const request = <Result>({ body }: ManagerRequest<Result>): Promise<Result> => {
    asked.push(body);
    return Promise.resolve({ status: 'done', content: 'Two are open.' } as Result);
  };
  const [built] = await handoffTool(configured(), { manager: { request } } as ToolServices);
  const answer = await built?.tool.call(
    { message: 'Open invoices?' },
    aCall({ asker: { ...asker, message_id: null }, idempotency_key: 'test:1' }),
  );
  expect(answer).toEqual({ ok: true, content: 'Two are open.' });
  expect(asked).toMatchObject([{ message_id: null, idempotency_key: 'test:1' }]);
});
