import { type ExchangeRequest, type ExchangeResponse, internalPaths } from '@roost/contracts';
import type { RunnerConfig } from '../config';
import { ExitError } from '../lifecycle/exit.codes';
import { CredentialRefusedError } from '../lifecycle/fence';
import { DatabaseClock } from '../timeline/database.clock';
import { ManagerClient } from './manager.client';

/** Milliseconds the manager may take to come up. */
const EXCHANGE_DEADLINE_MS = 60_000;

/**
 * Turns the single-use code into this instance's token, Redis user and configuration. They stay in memory.
 * @throws {ExitError} when the code is refused or the manager stays silent.
 */
export async function exchangeCode(
  config: RunnerConfig,
  clock = new DatabaseClock(),
  deadline_ms = EXCHANGE_DEADLINE_MS,
): Promise<ExchangeResponse> {
  const body: ExchangeRequest = {
    agent_id: config.AGENT_ID,
    instance_id: config.INSTANCE_ID,
    code: config.EXCHANGE_CODE,
  };
  try {
    return await new ManagerClient(config.CONFIG_URL, null).request<ExchangeResponse>({
      method: 'POST',
      path: internalPaths.exchange,
      body,
      deadline_ms,
      onAnswer: ({ wake }, sent, received) => {
        if (wake) clock.sample(sent, received, wake.clock);
      },
    });
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
      `The manager did not exchange the code; check CONFIG_URL (${config.CONFIG_URL}).`,
      { cause: error },
    );
  }
}
