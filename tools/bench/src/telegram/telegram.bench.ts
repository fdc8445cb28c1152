import type { TelegramIntegration } from '@roost/contracts';
import {
  anAgent,
  type Installation,
  prepareStandaloneInstallation,
  TelegramApi,
  until,
} from '@roost/testing';
import { Client } from 'pg';
import { closeOnInterrupt } from '../interrupt';
import { compare, figure, type Row } from '../report';
import { percentile } from '../statistics';
import { bundleGateway } from '../workspace';

const POOL_SIZE = 2;
const WARM_UP = 1;
const DEADLINE_MS = 60_000;

/** Milliseconds from an update to the first "typing" and to the whole answer. */
interface Sample {
  typing_ms: number;
  final_ms: number;
}

/** One message of a user to the bot of a sleeping agent, with and without a warm pool, and to one that runs. */
export async function benchTelegram(pairs: number): Promise<Row[]> {
  await bundleGateway();
  const count = Math.max(6, Math.round(pairs / 6));
  const cold = await measure('telegram-cold', 0, count);
  const warm = await measure('telegram-warm', POOL_SIZE, count);
  return [
    ...rows('asleep, no pool', cold.asleep),
    ...rows('asleep, warm pool', warm.asleep),
    ...rows('running', warm.awake),
    compare({
      name: 'Telegram, update to answer: asleep with a warm pool : asleep without',
      unit: 'ms',
      ours: warm.asleep.map(({ final_ms }) => final_ms),
      reference: cold.asleep.map(({ final_ms }) => final_ms),
    }),
  ];
}

function rows(state: string, samples: Sample[]): Row[] {
  const row = (what: string, values: number[]): Row =>
    figure(
      `Telegram, update to ${what}, ${state}`,
      'ms',
      values,
      `${values.length} samples; p95 ${Math.round(percentile(values, 0.95))} ms`,
    );
  return [
    row(
      'typing',
      samples.map(({ typing_ms }) => typing_ms),
    ),
    row(
      'answer',
      samples.map(({ final_ms }) => final_ms),
    ),
  ];
}

async function measure(
  name: string,
  pool: number,
  count: number,
): Promise<{ asleep: Sample[]; awake: Sample[] }> {
  const { installation, close } = await prepareStandaloneInstallation(name, { POOL_SIZE: String(pool) });
  const forget = closeOnInterrupt(close);
  const telegram = await TelegramApi.start();
  try {
    await installation.startManager();
    await installation.startGateway(telegram.url);
    const bot = telegram.bot();
    const integration: Partial<TelegramIntegration> = { type: 'telegram', streaming: 'off' };
    const integrations = [{ ...integration, bot_token: bot.token }] as never;
    const { id } = await installation.api.createAgent(anAgent({ integrations }));
    await installation.api.telegram(id, 'start');
    await until(
      'the bot runs',
      async () => (await installation.api.telegram(id, 'status')).state === 'running',
      DEADLINE_MS,
    );
    const ask = async (): Promise<Sample> => {
      // A chat of its own, so that its first action is the answer to this update.
      const user = telegram.user({ first_name: 'Ada' });
      const said_at = Date.now();
      user.says(bot, 'hello');
      const of = (method: string) =>
        telegram.journal.of(method, bot).find(({ params }) => Number(params['chat_id']) === user.user.id);
      const sent = await telegram.until(() => of('sendMessage'), 'an answer', DEADLINE_MS);
      return { typing_ms: (of('sendChatAction') ?? sent).at - said_at, final_ms: sent.at - said_at };
    };
    const asleep: Sample[] = [];
    const awake: Sample[] = [];
    for (let index = 0; index < WARM_UP + count; index += 1) {
      await poolIsFull(installation, pool);
      asleep.push(await ask());
      awake.push(await ask());
      await stopped(installation, id);
    }
    return { asleep: asleep.slice(WARM_UP), awake: awake.slice(WARM_UP) };
  } finally {
    forget();
    await telegram.stop();
    await close();
  }
}

async function stopped({ api }: Installation, id: string): Promise<void> {
  await api.call({ method: 'POST', path: `/agents/${id}/stop` });
  await until('the agent sleeps', async () => (await api.status(id)).state === 'stopped', DEADLINE_MS);
}

async function poolIsFull({ database }: Installation, size: number): Promise<void> {
  if (size === 0) return;
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await until(
      'the pool is full',
      async () =>
        (await client.query(`SELECT 1 FROM pool_instances WHERE state = 'ready'`)).rowCount === size,
      DEADLINE_MS,
    );
  } finally {
    await client.end();
  }
}
