import { TelegramApi, type TelegramBot, type TelegramUser, thisRelease, until } from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBot } from '../telegram/use.telegram';
import { isMissing, previousRelease } from './previous.release';
import { useRelease } from './use.release';

describe.skipIf(isMissing)('a bot of Telegram', () => {
  const { roost } = useRelease(previousRelease);
  let telegram: TelegramApi;
  beforeAll(async () => {
    telegram = await TelegramApi.start();
  });
  afterAll(() => telegram.stop());

  it('answers each message once and in order through an upgrade from the previous version', async () => {
    roost().model.reply(({ text }) => `You said: ${text}`);
    const former = { manager: roost().manager, gateway: await roost().startGateway(telegram.url) };
    const { bot } = await startBot(roost(), telegram);
    const people = [telegram.user({ first_name: 'Ada' }), telegram.user({ first_name: 'Grace' })];
    const talks = people.map((person) => new Talk(telegram, bot, person));
    const flows = () => Promise.all(talks.map((talk) => talk.flows()));
    await flows();

    await roost().migrateTo(thisRelease);
    await flows();

    await former.manager.stop();
    await roost().startAgain(former.manager);
    await flows();

    await roost().startGateway(telegram.url);
    await flows();
    await former.gateway.stop();
    expect(former.gateway.child.exit).toMatchObject({ code: 0 });
    await flows();

    for (const talk of talks) {
      const said = await talk.end();
      expect(talk.heard).toEqual(said.map((text) => `You said: ${text}`));
    }
    expect(telegram.violations).toEqual([]);
  }, 240_000);
});

/** Somebody who says the next thing when the last is answered. */
class Talk {
  private readonly said: string[] = [];
  private isOver = false;
  private readonly talking: Promise<void>;

  constructor(
    private readonly telegram: TelegramApi,
    private readonly bot: TelegramBot,
    private readonly person: TelegramUser,
  ) {
    this.talking = this.talk();
    // Whoever ends it hears of it.
    this.talking.catch(() => undefined);
  }

  get heard(): string[] {
    return this.telegram.chat(this.bot, this.person).texts;
  }

  /** Resolves once two things more are answered. */
  async flows(): Promise<void> {
    const enough = this.heard.length + 2;
    await Promise.race([until('two more answers', () => this.heard.length >= enough, 60_000), this.talking]);
  }

  /** Resolves with all that was said, once it is answered. */
  async end(): Promise<string[]> {
    this.isOver = true;
    await this.talking;
    return this.said;
  }

  private async talk(): Promise<void> {
    while (!this.isOver) {
      this.said.push(`message ${this.said.length}`);
      this.person.says(this.bot, this.said.at(-1) ?? '');
      await until('an answer', () => this.heard.length >= this.said.length, 60_000);
    }
  }
}
