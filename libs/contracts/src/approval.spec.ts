import { expect, it } from 'vitest';
import { approvalId } from './approval';

it('a request for approval has one id for one call: its place, its tool and its arguments', () => {
  const id = approvalId('msg_1:0:0', 'refund', { order_id: '1042' });
  expect(id).toMatch(/^apr_\w{22}$/);
  expect(approvalId('msg_1:0:0', 'refund', { order_id: '1042' })).toBe(id);
  for (const other of [
    approvalId('msg_1:0:1', 'refund', { order_id: '1042' }),
    approvalId('msg_1:0:0', 'refund_all', { order_id: '1042' }),
    approvalId('msg_1:0:0', 'refund', { order_id: '1043' }),
  ])
    expect(other).not.toBe(id);
});
