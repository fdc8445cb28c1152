import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { BotEntity } from './bot.entity';
import { BotKeeper } from './bot.keeper';
import type { BotTokens } from './bot.tokens';
import type { SessionServices } from './session.services';

const bot = { bot_id: 7, agent_id: 'agent_hello', desired: 'started' } as BotEntity;

/** One that comes when the test says so. */
function answer<Said>() {
  let resolve: (said: Said) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Said>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

/** PostgreSQL, whose answers come when the test says so, and a manager that hangs. */
function gateway() {
  const renewed = answer<BotEntity[]>();
  const taken = answer<BotEntity[]>();
  const bots = {
    renew: vi.fn(() => renewed.promise),
    take: vi.fn(() => taken.promise),
    release: vi.fn<(holder: string, bot_id?: number) => Promise<void>>(() => Promise.resolve()),
    note: () => Promise.resolve(),
  };
  const token = answer<never>();
  const tokens = { of: vi.fn(() => token.promise) };
  const services = { bots, holder: 'me', logger: pino({ enabled: false }) } as unknown as SessionServices;
  const keeper = new BotKeeper(services, tokens as unknown as BotTokens);
  keeper.onApplicationBootstrap();
  return { keeper, bots, tokens, renewed, taken, token };
}

describe('a gateway that is ended', () => {
  it('takes no more bots, though it is amid a round', async () => {
    const { keeper, bots, renewed } = gateway();
    const ended = keeper.beforeApplicationShutdown();
    renewed.resolve([]);
    await ended;
    expect(bots.take).not.toHaveBeenCalled();
  });

  it('hands over what it was taking', async () => {
    const { keeper, bots, renewed, taken } = gateway();
    renewed.resolve([]);
    await vi.waitFor(() => expect(bots.take).toHaveBeenCalled());
    const ended = keeper.beforeApplicationShutdown();
    await vi.waitFor(() => expect(bots.release).toHaveBeenCalledTimes(1));
    taken.resolve([bot]);
    await ended;
    expect(bots.release).toHaveBeenCalledTimes(2);
    expect(bots.release).toHaveBeenLastCalledWith('me', undefined);
  });

  it('hands over what it was about to serve, though the manager hangs', async () => {
    const { keeper, bots, tokens, renewed, taken, token } = gateway();
    renewed.resolve([]);
    taken.resolve([bot]);
    await vi.waitFor(() => expect(tokens.of).toHaveBeenCalled());
    const ended = keeper.beforeApplicationShutdown();
    await vi.waitFor(() => expect(bots.release).toHaveBeenCalledWith('me', undefined));
    token.reject(new Error('no answer'));
    await ended;
  });
});
