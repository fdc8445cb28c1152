import { expect, it, vi } from 'vitest';
import { ManagerHarness } from '../test/manager.harness';
import { InboxService } from './inbox.service';

it('a start asked for during a stop follows it, though Redis goes away before the inbox is tidied', async () => {
  const manager = await ManagerHarness.start();
  try {
    const id = await manager.agent();
    await manager.call('POST', `/agents/${id}/start`);
    const runner = await manager.runner(id);
    const tidied = vi
      .spyOn(manager.manager.app.get(InboxService), 'tidy')
      .mockRejectedValueOnce(new Error('Redis is away'));
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const stop = manager.launcher.stop.bind(manager.launcher);
    vi.spyOn(manager.launcher, 'stop').mockImplementationOnce(async (...args) => {
      await held;
      await stop(...args);
    });
    await manager.call('POST', `/agents/${id}/stop`);
    await manager.call('POST', `/agents/${id}/start`);
    goOn();

    await vi.waitFor(() => expect(tidied).toHaveBeenCalled());
    await vi.waitFor(async () =>
      expect((await manager.call('GET', `/agents/${id}/status`)).body).toMatchObject({
        state: 'starting',
        generation: 2,
      }),
    );
    runner.close();
  } finally {
    await manager.stop();
  }
});
