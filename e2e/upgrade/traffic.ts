import {
  CrowdMember,
  crowdProtocols,
  type Installation,
  type Oracle,
  seededRandom,
  until,
} from '@roost/testing';
import { ThreadListener } from './thread.listener';

const THREADS = 2;
/** Said without waiting for the answers: reports of one thread are under way together. */
const BURST = 4;

/** Users who talk to the agents over every protocol until it is ended, and clients that listen to their threads. */
export class Traffic {
  readonly listeners: ThreadListener[] = [];
  private answered = 0;
  private isOver = false;
  private readonly random = seededRandom('upgrade');
  private readonly talks: Promise<unknown>;

  constructor(
    private readonly roost: Installation,
    private readonly oracle: Oracle,
    agents: string[],
  ) {
    const users = agents.flatMap((agent_id) => Array.from({ length: THREADS }, () => agent_id));
    this.talks = Promise.all(users.map((agent_id, user) => this.talk(agent_id, user)));
    // Whoever ends it hears of it.
    this.talks.catch(() => undefined);
  }

  /** Resolves once `count` more messages are answered. */
  async flows(count = 36): Promise<void> {
    const enough = this.answered + count;
    const flowing = until(`${count} more messages are answered`, () => this.answered >= enough, 60_000);
    await Promise.race([flowing, this.talks]);
  }

  /** Everybody says their last, and is answered. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.talks;
    await this.oracle.verdict();
  }

  private async talk(agent_id: string, user: number): Promise<void> {
    const member = new CrowdMember({
      name: `user ${user}`,
      agent_id,
      protocol: crowdProtocols[user % crowdProtocols.length] ?? 'rest',
      key: this.roost.api.key,
      origins: () => this.roost.livingManagers.map(({ origin }) => origin),
      random: this.random,
      deadlineMs: 60_000,
    });
    for (let said = 0; !this.isOver;) {
      const asked: string[] = [];
      for (; asked.length < BURST; said += 1)
        asked.push(await member.say(`message ${said} of user ${user}`, `upgrade-${user}-${said}`));
      this.oracle.expect(...asked);
      if (said === BURST) this.listenTo(agent_id, member.acknowledged[0]?.thread_id ?? '');
      await until('all that was said is answered', () => this.areAnswered(asked), 60_000);
      this.answered += BURST;
    }
    member.leave();
  }

  private listenTo(agent_id: string, thread_id: string): void {
    const protocol = this.listeners.length % 2 ? 'websocket' : 'event stream';
    this.listeners.push(new ThreadListener(this.roost, protocol, agent_id, thread_id));
  }

  private async areAnswered(message_ids: string[]): Promise<boolean> {
    const sql = 'SELECT FROM messages WHERE in_reply_to = ANY($1)';
    return (await this.oracle.ledger.query(sql, [message_ids])).length === message_ids.length;
  }
}
