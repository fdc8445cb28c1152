import {
  Chaos,
  type GatewayProcess,
  instanceProcesses,
  seededRandom,
  signalGroup,
  sized,
  TelegramApi,
  until,
} from '@roost/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBot } from '../telegram/use.telegram';
import { useFaults } from './use.faults';

const { chats, messages } = sized({
  short: { chats: 10, messages: 4 },
  full: { chats: 50, messages: 10 },
});
/** Answers that a gateway has handed to Telegram and not noted yet: no others may be sent again when it is killed. */
const IN_FLIGHT_MAX = 8;

/** By the round of messages, what is killed in it; the dice kill more. */
const notLeftToChance = new Map<number, 'gateway' | 'manager' | 'runner'>(
  messages > 4
    ? [
        [2, 'gateway'],
        [4, 'manager'],
        [5, 'runner'],
        [7, 'gateway'],
        [9, 'manager'],
        [10, 'runner'],
      ]
    : [
        [2, 'gateway'],
        [3, 'manager'],
        [4, 'gateway'],
      ],
);

describe('a bot of Telegram', () => {
  const { roost } = useFaults();
  let telegram: TelegramApi;
  const gateways: GatewayProcess[] = [];
  beforeAll(async () => {
    telegram = await TelegramApi.start();
    gateways.push(await roost().startGateway(telegram.url));
  });
  afterAll(() => telegram.stop());

  const living = () => gateways.filter(({ child }) => child.exit === null);
  const query = async <Row>(sql: string): Promise<Row[]> => {
    const client = new Client({ connectionString: roost().database.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  };

  it('is taken over within 15 s when its gateway is killed, and answers what came meanwhile', async () => {
    const { bot } = await startBot(roost(), telegram);
    const ada = telegram.user({ first_name: 'Ada' });
    const answers = () => telegram.chat(bot, ada).replies.length;
    ada.says(bot, 'hello');
    await telegram.until(() => answers() === 1, 'an answer');
    gateways.push(await roost().startGateway(telegram.url));
    await gateways[0]?.kill();
    const killed = Date.now();
    ada.says(bot, 'are you there?');
    await telegram.until(() => answers() === 2, 'an answer of the other');
    expect(Date.now() - killed).toBeLessThan(15_000);
    gateways.push(await roost().startGateway(telegram.url));
  });

  it('is handed over at once when its gateway is ended', async () => {
    const { bot } = await startBot(roost(), telegram);
    const ada = telegram.user({ first_name: 'Ada' });
    const holder = async () =>
      (await query<{ holder: string | null }>(`SELECT holder FROM telegram.bots WHERE bot_id = ${bot.id}`))[0]
        ?.holder;
    const before = await holder();
    const all = living();
    // Whichever has it.
    gateways.push(await roost().startGateway(telegram.url));
    await Promise.all(all.map((gateway) => gateway.stop()));
    expect(await holder()).not.toBe(before);
    ada.says(bot, 'are you there?');
    await telegram.until(() => telegram.chat(bot, ada).replies.length === 1, 'an answer of the other');
    expect(telegram.journal.answered(409)).toEqual([]);
  });

  it(`answers ${chats * messages} updates in ${chats} chats once each and in order, while gateways, managers and runners are killed`, async () => {
    const random = seededRandom('telegram');
    const { bot, agent_id } = await startBot(roost(), telegram);
    roost().model.reply(({ text }) => `You said: ${text}`, { pace: { tokenDelayMs: 10, jitter: 0.5 } });
    const people = Array.from({ length: chats }, (_chat, index) =>
      telegram.user({ first_name: `User ${index}` }),
    );
    const killed = { gateway: 0, manager: 0, runner: 0 };
    const faults = {
      gateway: async () => {
        killed.gateway += 1;
        const [victim] = living();
        await victim?.kill();
        gateways.push(await roost().startGateway(telegram.url));
      },
      manager: async () => {
        killed.manager += 1;
        const { manager } = roost();
        await manager.kill();
        await roost().startAgain(manager);
      },
      runner: () => {
        for (const { pid, agent_id: of } of instanceProcesses()) {
          if (of !== agent_id) continue;
          signalGroup(pid, 'SIGKILL');
          killed.runner += 1;
        }
        return Promise.resolve();
      },
    };
    // One after the other: a process that is killed is started again before the next.
    let earlier = Promise.resolve();
    const kill = (victim: keyof typeof faults): Promise<void> => (earlier = earlier.then(faults[victim]));
    const dice = {
      'kill a gateway': () => kill('gateway'),
      'kill the manager': () => kill('manager'),
      'kill the runner': () => kill('runner'),
    };
    const chaos = Chaos.start({ faults: dice, random, every: [4_000, 12_000] });
    const said = (message: number): string => `message ${message}`;
    for (let message = 1; message <= messages; message += 1) {
      for (const person of people) person.says(bot, said(message));
      const victim = notLeftToChance.get(message);
      if (victim) await kill(victim);
      // People do not say all at once.
      const before = message * people.length;
      await telegram.until(
        () => telegram.journal.of('sendMessage', bot).length > before / 2 || message < 3,
        'the first answers',
        120_000,
      );
    }
    await until(
      'all is answered',
      async () => {
        const [open] = await query<{ open: number }>(
          `SELECT (SELECT count(*) FROM telegram.updates WHERE bot_id = ${bot.id} AND state <> 'done')::int
                + (SELECT count(*) FROM telegram.outgoing WHERE bot_id = ${bot.id} AND state IN ('waiting', 'sending'))::int AS open`,
        );
        const [stored] = await query<{ stored: number }>(
          `SELECT count(*)::int AS stored FROM telegram.updates WHERE bot_id = ${bot.id}`,
        );
        return stored?.stored === chats * messages && open?.open === 0;
      },
      300_000,
    ).finally(async () => console.log((await chaos.stop()).join(', ')));

    const replies = await query<{ update_id: string; replies: number }>(
      `SELECT update_id, count(*)::int AS replies FROM telegram.outgoing WHERE bot_id = ${bot.id} GROUP BY update_id`,
    );
    expect(replies).toHaveLength(chats * messages);
    expect(replies.every((row) => row.replies === 1)).toBe(true);
    let repeated = 0;
    for (const person of people) {
      const { texts } = telegram.chat(bot, person);
      const once = texts.filter((text, index) => text !== texts[index - 1]);
      repeated += texts.length - once.length;
      expect(once).toEqual(Array.from({ length: messages }, (_m, index) => `You said: ${said(index + 1)}`));
    }
    console.log(
      `${chats * messages} updates answered, ${repeated} answers sent again, killed: ${JSON.stringify(killed)}`,
    );
    expect(repeated).toBeLessThanOrEqual(killed.gateway * IN_FLIGHT_MAX);
    expect(telegram.journal.answered(429).filter(({ method }) => method === 'sendMessage')).toEqual([]);
    expect(telegram.violations).toEqual([]);
  });
});
