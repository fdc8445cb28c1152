import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ServiceError } from '@roost/contracts';
import pLimit from 'p-limit';
import { telegramRates } from '../outbox/sending.budget';
import { isOver, pause } from '../ingest/pause';
import type { BotEntity } from './bot.entity';
import { BotSession } from './bot.session';
import { BotTokens } from './bot.tokens';
import { HOLD_S } from './bots.repository';
import { SessionServices } from './session.services';

/** Milliseconds between two rounds: a bot whose gateway died is taken over within {@link HOLD_S} and one of these. */
const ROUND_MS = 2_000;
/** Bots that a gateway takes in one round: others have their chance, too. */
const TAKEN_PER_ROUND = 50;
/** Rounds between two looks at what the operators have configured, where nobody said that it changed. */
const ROUNDS_PER_REFRESH = 15;
/** Milliseconds after which this gateway no longer acts for bots that it could not say it lives for. */
const SILENT_MS_MAX = HOLD_S * 1_000 - 1_000;
/** Milliseconds between two looks at whether this gateway still may. */
const WATCH_MS = 500;
/** Bots that are seen to side by side: each may have to ask the manager. */
const SEEN_TO_AT_ONCE = 20;
/** Rounds between two cleanings. */
const ROUNDS_PER_CLEANING = 300;

/** Holds bots for this gateway, and serves those that it holds. */
@Injectable()
export class BotKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sessions = new Map<number, BotSession>();
  private readonly closing = new AbortController();
  private rounds: Promise<unknown> = Promise.resolve();
  private renewedAt = performance.now();
  private wake: () => void = () => undefined;
  /** What is being done for a bot, beside the rounds: a manager that hangs must not keep leases from being renewed. */
  private readonly underWay = new Map<number, Promise<void>>();
  private readonly limit = pLimit(SEEN_TO_AT_ONCE);

  constructor(
    private readonly services: SessionServices,
    private readonly tokens: BotTokens,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds = Promise.all([this.run(), this.watch()]);
  }

  /** Before PostgreSQL is left: bots are handed over at once, and what was sent is noted. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing.abort();
    // At once: nobody renews the leases any more, and a manager that hangs would outlast them.
    await Promise.all([...this.sessions.keys()].map((bot_id) => this.handOver(bot_id)));
    // Those that were about to be served: none is from here on.
    await this.release();
    await this.rounds;
    // What a round that was under way has taken.
    await this.release();
    await Promise.all(this.underWay.values());
  }

  private async handOver(bot_id: number): Promise<void> {
    await this.close(bot_id);
    await this.release(bot_id);
  }

  private async release(bot_id?: number): Promise<void> {
    const { bots, holder, logger } = this.services;
    await bots.release(holder, bot_id).catch((error: unknown) => {
      logger.info(
        { err: error, bot_id },
        'no bot was handed over: another gateway takes them a little later',
      );
    });
  }

  /** Whether this gateway keeps up with its own rounds. */
  get isAlive(): boolean {
    return performance.now() - this.renewedAt < HOLD_S * 1_000;
  }

  /** Updates of a bot were committed. */
  updatesCame(bot_id: number): void {
    this.sessions.get(bot_id)?.look();
  }

  /** There may be something to take. */
  look(): void {
    this.wake();
  }

  private async run(): Promise<void> {
    for (let round = 0; !this.closing.signal.aborted; round += 1) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      try {
        await this.round(round % ROUNDS_PER_REFRESH === 0);
        if (round % ROUNDS_PER_CLEANING === ROUNDS_PER_CLEANING - 1) await this.services.updates.clean();
      } catch (error) {
        this.services.logger.warn({ err: error }, 'the bots cannot be looked after; trying again');
      }
      await Promise.race([woken, pause(ROUND_MS, this.closing.signal)]);
    }
  }

  /** Beside the rounds: one that hangs must not let this gateway speak for bots that are another's by now. */
  private async watch(): Promise<void> {
    while (!this.closing.signal.aborted) {
      if (!this.mayAct) await this.letGoOfAll();
      await pause(WATCH_MS, this.closing.signal);
    }
  }

  /** Whether the leases of this gateway hold for certain. */
  private get mayAct(): boolean {
    return performance.now() - this.renewedAt <= SILENT_MS_MAX;
  }

  private async round(refreshes: boolean): Promise<void> {
    const { bots, holder } = this.services;
    const asked = performance.now();
    const held = await bots.renew(holder);
    // What is taken now would be served by nobody until its lease is over.
    if (isOver(this.closing.signal)) return;
    const taken = await bots.take(holder, TAKEN_PER_ROUND);
    this.renewedAt = asked;
    if (taken.length === TAKEN_PER_ROUND) this.lookSoon();
    const mine = new Map([...held, ...taken].map((bot) => [bot.bot_id, bot]));
    for (const bot_id of [...this.sessions.keys()].filter((id) => !mine.has(id)))
      this.beside(bot_id, () => this.close(bot_id));
    for (const bot of mine.values()) this.beside(bot.bot_id, () => this.serve(bot, refreshes));
  }

  /** There are more than one round takes; others have their chance in between. */
  private lookSoon(): void {
    void pause(100 + Math.random() * 200, this.closing.signal).then(() => this.look());
  }

  /** Where something is being done for the bot already, the next round sees to it. */
  private beside(bot_id: number, work: () => Promise<void>): void {
    if (this.underWay.has(bot_id)) return;
    const done = this.limit(() => (this.closing.signal.aborted ? Promise.resolve() : work()))
      .catch((error: unknown) => {
        this.services.logger.warn({ err: error, bot_id }, 'a bot was not seen to; trying again');
      })
      .finally(() => this.underWay.delete(bot_id));
    this.underWay.set(bot_id, done);
  }

  private async serve(bot: BotEntity, refreshes: boolean): Promise<void> {
    const receives = bot.desired === 'started';
    const session = this.sessions.get(bot.bot_id);
    try {
      if (!session) return await this.open(bot, receives);
      // Stopped and started again since the last round, perhaps for another agent.
      if (session.agent_id !== bot.agent_id || (receives && !session.receives)) return await this.reopen(bot);
      // First: it is heeded also where the manager does not say how to go on.
      if (!receives) session.stopReceiving(bot.webhook_secret_hash !== null);
      const isStale = refreshes || session.revision !== bot.revision;
      if (isStale && !(await this.refresh(bot, session))) return;
      if (!receives) return await this.settle(bot.bot_id);
      session.healState(bot.state);
      if (refreshes) session.repeat();
    } catch (error) {
      await this.afterFailure(bot, error as Error);
    }
  }

  /** A bot that is stopped is no longer this gateway's: another may be starting it. */
  private async settle(bot_id: number): Promise<void> {
    if (await this.services.bots.settle(bot_id, this.services.holder)) await this.close(bot_id);
  }

  /** One that is served already goes on as it was. */
  private async afterFailure(bot: BotEntity, error: Error): Promise<void> {
    const { bots, holder, logger } = this.services;
    const { bot_id, agent_id } = bot;
    const isServed = this.sessions.has(bot_id);
    logger.warn(
      { err: error, bot_id, agent_id, served: isServed },
      'how to serve a bot is not known; asking again',
    );
    const known = error instanceof ServiceError ? error : null;
    if (bot.desired === 'stopped') {
      if (isServed) return this.settle(bot_id);
      // What it owes can be sent by nobody any more.
      if (known?.code === 'integration_token_required')
        return bots.retire(bot, holder, {
          at: new Date().toISOString(),
          code: known.code,
          detail: known.detail,
        });
    }
    if (isServed) return;
    await bots.note(bot_id, holder, 'failed', {
      at: new Date().toISOString(),
      code: known?.code ?? 'manager_unavailable',
      detail: known?.detail ?? `The manager does not say how to serve it: ${error.message}`,
    });
  }

  private async open(bot: BotEntity, receives: boolean): Promise<void> {
    const found = await this.tokens.of(bot.agent_id);
    if (!found) return this.services.bots.delete(bot, this.services.holder);
    if (found.bot_id !== bot.bot_id) return this.retire(bot);
    const session = new BotSession({ bot, ...found, rates: telegramRates }, this.services);
    await session.heedPauses();
    // Another gateway may have taken it while the manager was asked.
    if (!(await this.services.bots.noteMode(bot.bot_id, this.services.holder, session.mode))) return;
    if (!this.mayAct || this.closing.signal.aborted) return;
    this.sessions.set(bot.bot_id, session);
    session.begin(receives);
  }

  private async reopen(bot: BotEntity): Promise<void> {
    await this.close(bot.bot_id);
    await this.open(bot, bot.desired === 'started');
  }

  /** @returns whether the session goes on. */
  private async refresh(bot: BotEntity, session: BotSession): Promise<boolean> {
    const found = await this.tokens.of(bot.agent_id);
    if (found?.bot_id !== bot.bot_id) {
      await session.leave();
      await this.close(bot.bot_id);
      await (found ? this.retire(bot) : this.services.bots.delete(bot, this.services.holder));
      return false;
    }
    session.update(found.runtime, bot.revision);
    if (found.token === session.token && found.runtime.integration.mode === session.mode) return true;
    await this.reopen(bot);
    return false;
  }

  /** The agent speaks through another bot now: what this one owes can be sent by nobody any more. */
  private async retire(bot: BotEntity): Promise<void> {
    const { bots, holder } = this.services;
    await bots.retire(bot, holder, {
      at: new Date().toISOString(),
      code: 'bot_changed',
      detail: 'The agent was given another bot: start the integration again.',
    });
  }

  /** It is a session of this gateway until it has ended: nobody else may serve its bot before. */
  private async close(bot_id: number): Promise<void> {
    const session = this.sessions.get(bot_id);
    await session?.end();
    if (this.sessions.get(bot_id) === session) this.sessions.delete(bot_id);
  }

  /** Another gateway may have them by now. */
  private async letGoOfAll(): Promise<void> {
    if (this.sessions.size === 0) return;
    this.services.logger.warn('PostgreSQL does not answer: this gateway serves no bot until it does');
    await Promise.all([...this.sessions.keys()].map((bot_id) => this.close(bot_id)));
  }
}
