import {
  type ExchangeRequest,
  type ExchangeResponse,
  internalPaths,
  type PoolExchangeRequest,
  type PoolExchangeResponse,
  poolPaths,
} from '@roost/contracts';
import type { PoolConfig, RunnerConfig } from '../config';
import { ExitError } from '../lifecycle/exit.codes';
import { CredentialRefusedError } from '../lifecycle/fence';
import { DatabaseClock } from '../timeline/database.clock';
import { ManagerClient, type ManagerRequest } from './manager.client';

/** Milliseconds the manager may take to come up. */
const EXCHANGE_DEADLINE_MS = 60_000;

/**
 * Turns the single-use code into this instance's token, Redis user and configuration. They stay in memory.
 * @throws {ExitError} when the code is refused or the manager stays silent.
 */
export function exchangeCode(
  config: RunnerConfig,
  clock = new DatabaseClock(),
  deadline_ms = EXCHANGE_DEADLINE_MS,
): Promise<ExchangeResponse> {
  const { AGENT_ID: agent_id, INSTANCE_ID: instance_id, EXCHANGE_CODE: code } = config;
  const body: ExchangeRequest = { agent_id, instance_id, code };
  return post<ExchangeResponse>(config.CONFIG_URL, {
    path: internalPaths.exchange,
    body,
    deadline_ms,
    onAnswer: ({ wake }, sent, received) => {
      if (wake) clock.sample(sent, received, wake.clock);
    },
  });
}

/** The same for what a member of the warm pool waits with. @throws {ExitError} as {@link exchangeCode}. */
export function exchangePoolCode(config: PoolConfig): Promise<PoolExchangeResponse> {
  const body: PoolExchangeRequest = { instance_id: config.INSTANCE_ID, code: config.EXCHANGE_CODE };
  return post<PoolExchangeResponse>(config.CONFIG_URL, {
    path: poolPaths.exchange,
    body,
    deadline_ms: EXCHANGE_DEADLINE_MS,
  });
}

/** Posts what needs no token: its body is the credential. @throws {ExitError} as {@link exchangeCode}. */
export async function post<Answer>(
  config_url: string,
  request: Omit<ManagerRequest<Answer>, 'method'>,
): Promise<Answer> {
  try {
    return await new ManagerClient(config_url, null).request<Answer>({ ...request, method: 'POST' });
  } catch (error) {
    if (error instanceof CredentialRefusedError) {
      throw new ExitError(
        'exchange_refused',
        'The exchange code was refused: it works once and soon expires. Start the agent again to get a new one.',
        { cause: error },
      );
    }
    throw new ExitError(
      'unavailable',
      `The manager did not exchange the code; check CONFIG_URL (${config_url}).`,
      { cause: error },
    );
  }
}
