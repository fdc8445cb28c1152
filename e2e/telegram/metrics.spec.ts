import { beforeAll, describe, expect, it, vi } from 'vitest';
import { useInstallation } from '../use.installation';
import { type BotOfAgent, startBot, useTelegram } from './use.telegram';

describe('the metrics of the Telegram gateway', () => {
  const roost = useInstallation();
  const telegram = useTelegram(roost);
  let served: BotOfAgent;
  beforeAll(async () => {
    served = await startBot(roost(), telegram());
  });

  const gateway = () => {
    const [first] = roost().gateways;
    if (!first) throw new Error('there is no gateway');
    return first;
  };
  const scrape = async (): Promise<string> => (await fetch(gateway().metricsUrl)).text();
  const value = async (series: string): Promise<number | null> => {
    const line = (await scrape()).split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  const until = (series: string, expected: number): Promise<void> =>
    vi.waitFor(async () => expect(await value(series)).toBe(expected), { timeout: 20_000, interval: 100 });

  it('are on a port of their own, where nothing else is', async () => {
    expect((await fetch(`${gateway().origin}/metrics`)).status).toBe(404);
    expect((await fetch(new URL('/readyz', gateway().metricsUrl))).status).toBe(404);
    expect((await fetch(gateway().metricsUrl)).headers.get('content-type')).toMatch(/^text\/plain/);
    expect((await fetch(gateway().metricsUrl, { method: 'POST' })).status).toBe(404);
  });

  it('count bots by state, and messages on their way in and out', async () => {
    const { bot } = served;
    const ada = telegram().user({ first_name: 'Ada' });
    ada.says(bot, 'hello');
    ada.says(bot, '/help');
    await telegram().until(() => telegram().chat(bot, ada).replies.length === 2, 'two replies');

    await until('roost_telegram_bots{state="running"}', 1);
    await until('roost_telegram_updates_received_total{mode="polling"}', 2);
    await until('roost_telegram_updates_ended_total{outcome="answered"}', 1);
    await until('roost_telegram_updates_ended_total{outcome="help"}', 1);
    await until('roost_telegram_messages_total{outcome="sent"}', 2);
    // What /help answers is the gateway's own: it is no answer of the agent.
    await until('roost_telegram_reply_seconds_count', 1);
    await until('roost_telegram_updates_open', 0);
    await until('roost_telegram_outbox_open', 0);
    expect(await value('roost_telegram_updates_open_oldest_age_seconds')).toBe(0);
    expect(await value('roost_telegram_api_calls_total{method="sendMessage",outcome="ok"}')).toBe(2);
    expect(await value('roost_database_pool_connections_max')).toBeGreaterThan(1);
  });

  it('count what Telegram limits and refuses, and have no identifiers in them', async () => {
    const { bot, agent_id } = served;
    const eve = telegram().user({ first_name: 'Eve' });
    telegram().faults.next('sendMessage', {
      kind: 'error',
      code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    eve.says(bot, 'hello');
    await telegram().until(() => telegram().chat(bot, eve).replies.length === 1, 'a reply');
    await until('roost_telegram_api_calls_total{method="sendMessage",outcome="rate_limited"}', 1);
    await until('roost_telegram_messages_total{outcome="retried"}', 1);

    const text = await scrape();
    expect(text).not.toContain(agent_id);
    expect(text).not.toContain(bot.token);
    expect(text).not.toContain(String(bot.id));
  });
});
