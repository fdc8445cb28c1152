import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { TelegramIntegration } from '@roost/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import { BotEntity, type BotError, type BotState } from './bot.entity';

export interface BotToStart {
  bot_id: number;
  agent_id: string;
  username: string;
  mode: TelegramIntegration['mode'];
}

/** What is known of a bot, with what it owes. */
export interface BotView {
  bot: BotEntity;
  /** Updates that are not answered yet. */
  backlog: number;
}

/** The agent that a bot speaks for, where another asked for it. */
export interface FormerAgent {
  agent_id: string;
  /** It was stopped there, and still answers what was said to it. */
  drains: boolean;
}

/** Seconds a gateway has a bot after its last sign of life. */
export const HOLD_S = 8;

const HELD = `holder = $2 AND held_until > now()`;

/** Still what its holder has seen: nobody has started, stopped or given it away meanwhile. */
const AS_SEEN = `bot_id = $1 AND ${HELD} AND agent_id = $3 AND revision = $4`;
const seen = ({ bot_id, agent_id, revision }: BotEntity, holder: string): unknown[] => [
  bot_id,
  holder,
  agent_id,
  revision,
];

/** Of the bot `b`. */
const OWES = `(
  EXISTS (SELECT FROM telegram.updates u WHERE u.bot_id = b.bot_id AND u.state <> 'done')
  OR EXISTS (SELECT FROM telegram.outgoing o WHERE o.bot_id = b.bot_id AND o.state IN ('waiting', 'sending')))`;

@Injectable()
export class BotsRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** The bot of an agent: the one that is started, else the last one it had. */
  async find(agent_id: string): Promise<BotView | null> {
    const bot = await this.bots
      .createQueryBuilder('bot')
      .where('bot.agent_id = :agent_id', { agent_id })
      .orderBy(`bot.desired = 'started'`, 'DESC')
      .addOrderBy('bot.last_update_at', 'DESC', 'NULLS LAST')
      .getOne();
    return bot && { bot, backlog: await this.backlog(bot.bot_id) };
  }

  /**
   * Notes that a bot is to run for an agent, in place of any other bot of that agent.
   * @returns the agent that has the bot already, or null when it is the one asked for.
   */
  async start({ bot_id, agent_id, username, mode }: BotToStart): Promise<FormerAgent | null> {
    return this.database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO telegram.bots (bot_id, agent_id, username, mode, desired, state)
         VALUES ($1, $2, $3, $4, 'stopped', 'stopped') ON CONFLICT DO NOTHING`,
        [bot_id, agent_id, username, mode],
      );
      const former = await tx.findOneOrFail(BotEntity, {
        where: { bot_id },
        lock: { mode: 'pessimistic_write' },
      });
      const another = former.agent_id !== agent_id;
      if (another && former.desired === 'started') return { agent_id: former.agent_id, drains: false };
      if (another && (await this.owes(tx, bot_id))) return { agent_id: former.agent_id, drains: true };
      await tx.query(
        `UPDATE telegram.bots SET desired = 'stopped', state = 'stopping', revision = revision + 1
         WHERE agent_id = $1 AND bot_id <> $2 AND desired = 'started'`,
        [agent_id, bot_id],
      );
      // What was said to the former agent is none of this one's.
      if (another) await tx.query('DELETE FROM telegram.conversations WHERE bot_id = $1', [bot_id]);
      await tx.query(
        `UPDATE telegram.bots SET agent_id = $2, username = $3, mode = $4, desired = 'started',
           state = CASE WHEN state = 'running' AND desired = 'started' THEN state ELSE 'starting' END,
           last_error = NULL, revision = revision + 1
         WHERE bot_id = $1`,
        [bot_id, agent_id, username, mode],
      );
      return null;
    });
  }

  /**
   * Notes that the agent's bots are to stop: from here on nothing is received. What was received is still answered,
   * unless it is dropped.
   * @returns the threads on which the manager owes answers that were dropped.
   */
  async stop(agent_id: string, drops: boolean): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE telegram.bots SET desired = 'stopped', state = 'stopping', revision = revision + 1
         WHERE agent_id = $1 AND desired = 'started'`,
        [agent_id],
      );
      return drops
        ? this.drop(tx, 'IN (SELECT bot_id FROM telegram.bots WHERE agent_id = $1)', agent_id)
        : [];
    });
  }

  /** What an operator says of the agent has changed. */
  async changed(agent_id: string): Promise<void> {
    await this.database.query('UPDATE telegram.bots SET revision = revision + 1 WHERE agent_id = $1', [
      agent_id,
    ]);
  }

  /** A bot whose agent is no more, and what is left of that agent's others; unless it was changed meanwhile. */
  async delete(bot: BotEntity, holder: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, deleted] = await tx.query<[unknown[], number]>(
        `DELETE FROM telegram.bots WHERE ${AS_SEEN}`,
        seen(bot, holder),
      );
      if (deleted === 0) return;
      await tx.query(
        `DELETE FROM telegram.bots WHERE agent_id = $1 AND state = 'stopped' AND holder IS NULL`,
        [bot.agent_id],
      );
    });
  }

  /** Takes up to `limit` bots that nobody serves and that are to run, or have something left to answer. */
  async take(holder: string, limit: number): Promise<BotEntity[]> {
    const rows = await this.database.query<[{ bot_id: string }[], number]>(
      `UPDATE telegram.bots SET holder = $1, epoch = epoch + 1,
         held_until = now() + make_interval(secs => ${HOLD_S})
       WHERE bot_id IN (
         SELECT bot_id FROM telegram.bots
         WHERE (holder IS NULL OR held_until < now()) AND (desired = 'started' OR state = 'stopping')
         ORDER BY bot_id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING bot_id`,
      [holder, limit],
    );
    const ids = rows[0].map(({ bot_id }) => bot_id);
    if (ids.length === 0) return [];
    return this.bots.createQueryBuilder('bot').where('bot.bot_id = ANY(:ids)', { ids }).getMany();
  }

  /** Keeps those that the holder still has. One that has run out is not taken back: another may be taking it. */
  async renew(holder: string): Promise<BotEntity[]> {
    await this.database.query(
      `UPDATE telegram.bots SET held_until = now() + make_interval(secs => ${HOLD_S})
       WHERE holder = $1 AND held_until > now()`,
      [holder],
    );
    return this.bots
      .createQueryBuilder('bot')
      .where('bot.holder = :holder AND bot.held_until > now()', { holder })
      .getMany();
  }

  /** Lets go of one bot, or of all that the holder has. */
  async release(holder: string, bot_id?: number): Promise<void> {
    await this.database.query(
      `UPDATE telegram.bots SET holder = NULL, held_until = NULL
       WHERE holder = $1 AND ($2::bigint IS NULL OR bot_id = $2)`,
      [holder, bot_id ?? null],
    );
  }

  /** Notes what its holder sees of a bot. */
  async note(bot_id: number, holder: string, state: BotState, error: BotError | null): Promise<void> {
    await this.database.query(
      `UPDATE telegram.bots SET state = $3, last_error = coalesce($4::jsonb, last_error)
       WHERE bot_id = $1 AND ${HELD} AND (desired = 'started' OR $3 IN ('stopping', 'stopped'))`,
      [bot_id, holder, state, error === null ? null : JSON.stringify(error)],
    );
  }

  /**
   * How it receives, which an operator may have changed since it was started.
   * @returns false when the bot is another gateway's by now.
   */
  async noteMode(bot_id: number, holder: string, mode: TelegramIntegration['mode']): Promise<boolean> {
    const [, noted] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.bots SET mode = $3 WHERE bot_id = $1 AND ${HELD}`,
      [bot_id, holder, mode],
    );
    return noted > 0;
  }

  /**
   * A bot that receives nothing and owes nothing is stopped; unless it was started again meanwhile.
   * @returns whether it is.
   */
  async settle(bot_id: number, holder: string): Promise<boolean> {
    const [, settled] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.bots b SET state = 'stopped', holder = NULL, held_until = NULL
       WHERE bot_id = $1 AND ${HELD} AND desired = 'stopped'
         AND webhook_secret_hash IS NULL AND NOT ${OWES}`,
      [bot_id, holder],
    );
    return settled > 0;
  }

  /** Ends a bot for good, unless it was changed meanwhile: what it owes is dropped with the reason. */
  async retire(bot: BotEntity, holder: string, error: BotError): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, retired] = await tx.query<[unknown[], number]>(
        `UPDATE telegram.bots SET desired = 'stopped', state = 'stopped', last_error = $5,
           webhook_secret_hash = NULL, holder = NULL, held_until = NULL WHERE ${AS_SEEN}`,
        [...seen(bot, holder), JSON.stringify(error)],
      );
      if (retired > 0) await this.drop(tx, '= $1', bot.bot_id);
    });
  }

  async keepSilent(bot_id: number, milliseconds: number): Promise<void> {
    await this.database.query(
      `UPDATE telegram.bots
       SET silent_until = greatest(silent_until, now() + make_interval(secs => $2 / 1000.0)) WHERE bot_id = $1`,
      [bot_id, milliseconds],
    );
  }

  /** Milliseconds for which Telegram wants to hear nothing of the bot. */
  async silence(bot_id: number): Promise<number> {
    const [row] = await this.database.query<{ wait_ms: number }[]>(
      `SELECT greatest(0, extract(epoch FROM silent_until - now()) * 1000)::float8 AS wait_ms
       FROM telegram.bots WHERE bot_id = $1 AND silent_until > now()`,
      [bot_id],
    );
    return row?.wait_ms ?? 0;
  }

  /** @returns false when the bot is another gateway's by now. */
  async setWebhookSecret(bot_id: number, holder: string, hash: Buffer | null): Promise<boolean> {
    const [, noted] = await this.database.query<[unknown[], number]>(
      `UPDATE telegram.bots SET webhook_secret_hash = $3 WHERE bot_id = $1 AND ${HELD}`,
      [bot_id, holder, hash],
    );
    return noted > 0;
  }

  findById(bot_id: number): Promise<BotEntity | null> {
    return this.bots.findOneBy({ bot_id });
  }

  private get bots() {
    return this.database.getRepository(BotEntity);
  }

  /** What those bots have received and not answered. */
  private async drop(tx: EntityManager, bots: string, value: string | number): Promise<string[]> {
    const [dropped] = await tx.query<[{ thread_id: string | null }[], number]>(
      `UPDATE telegram.updates SET state = 'done', outcome = 'dropped', payload = NULL, done_at = now()
       WHERE state <> 'done' AND bot_id ${bots} RETURNING thread_id`,
      [value],
    );
    await tx.query(
      `UPDATE telegram.outgoing SET state = 'refused', refusal = 'dropped', message = NULL, done_at = now()
       WHERE state IN ('waiting', 'sending') AND bot_id ${bots}`,
      [value],
    );
    return [...new Set(dropped.flatMap(({ thread_id }) => thread_id ?? []))];
  }

  private async owes(tx: EntityManager, bot_id: number): Promise<boolean> {
    const [row] = await tx.query<{ owes: boolean }[]>(
      `SELECT ${OWES} AS owes FROM telegram.bots b WHERE bot_id = $1`,
      [bot_id],
    );
    return row?.owes ?? false;
  }

  private async backlog(bot_id: number): Promise<number> {
    const [row] = await this.database.query<{ open: number }[]>(
      `SELECT count(*)::int AS open FROM telegram.updates WHERE bot_id = $1 AND state <> 'done'`,
      [bot_id],
    );
    return row?.open ?? 0;
  }
}
