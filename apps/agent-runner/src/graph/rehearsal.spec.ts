import { expect, it, vi } from 'vitest';
import { rehearse } from './rehearsal';

it('a rehearsal runs the whole graph and asks nobody', async () => {
  const asked = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('asked'));
  await expect(rehearse()).resolves.toBeUndefined();
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
});
