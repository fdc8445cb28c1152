import type { TelegramIntegration } from '@roost/contracts';
import {
  type AgentInput,
  anAgent,
  type Installation,
  TelegramApi,
  type TelegramApiOptions,
  type TelegramBot,
  until,
} from '@roost/testing';
import { afterAll, beforeAll } from 'vitest';

/** A Bot API of their own for the tests of a file, and a gateway that uses it. */
export function useTelegram(
  installation: () => Installation,
  options: TelegramApiOptions = {},
  env: Record<string, string> = {},
): () => TelegramApi {
  let api: TelegramApi | undefined;
  const current = (): TelegramApi => {
    if (!api) throw new Error('the Bot API has not been started');
    return api;
  };
  beforeAll(async () => {
    api = await TelegramApi.start(options);
    await installation().startGateway(api.url, env);
  });
  afterAll(() => api?.stop());
  return current;
}

export interface BotOfAgent {
  agent_id: string;
  bot: TelegramBot;
}

/** Makes an agent that speaks through a bot of its own, and resolves once it does. */
export async function startBot(
  { api }: Installation,
  telegram: TelegramApi,
  settings: Partial<TelegramIntegration> = {},
  agent: Partial<AgentInput> = {},
): Promise<BotOfAgent> {
  const bot = telegram.bot();
  const integrations = [
    { type: 'telegram' as const, bot_token: bot.token, streaming: 'off' as const, ...settings },
  ];
  const { id: agent_id } = await api.createAgent(anAgent({ integrations, ...agent }));
  await api.telegram(agent_id, 'start');
  await until(
    `the bot of ${agent_id} runs`,
    async () => (await api.telegram(agent_id, 'status')).state === 'running',
    30_000,
  );
  return { agent_id, bot };
}
