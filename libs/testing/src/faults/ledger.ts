import { Client } from 'pg';

/** What time heals: the SQL yields one line for each thing that is not over yet. */
const unfinished: Record<string, string> = {
  'still owed an answer': `SELECT id FROM messages WHERE role = 'user' AND status = 'accepted'`,
  'an instance past its deadline': `SELECT id || ' ' || state AS id FROM instances WHERE ended_at IS NULL AND deadline < now()`,
};

/** What must never be, not even for a moment. */
const breaches: Record<string, string> = {
  'ended well without a reply': `SELECT q.id FROM messages q WHERE q.role = 'user' AND q.status = 'done'
     AND NOT EXISTS (SELECT 1 FROM messages r WHERE r.in_reply_to = q.id)`,
  'failed without a reason': `SELECT id FROM messages WHERE status = 'failed' AND error_code IS NULL`,
  'failed and yet answered': `SELECT q.id FROM messages q JOIN messages r ON r.in_reply_to = q.id WHERE q.status = 'failed'`,
  'answered more than once': `SELECT in_reply_to AS id FROM messages WHERE in_reply_to IS NOT NULL
     GROUP BY in_reply_to HAVING count(*) > 1`,
  'a reply to nothing': `SELECT r.id FROM messages r WHERE r.role = 'assistant'
     AND NOT EXISTS (SELECT 1 FROM messages q WHERE q.id = r.in_reply_to AND q.thread_id = r.thread_id)`,
};

const DISORDER = `SELECT id FROM (
  SELECT q.id, q.position AS asked,
         max(q.position) OVER (PARTITION BY r.thread_id ORDER BY r.position
                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS asked_before
  FROM messages r JOIN messages q ON q.id = r.in_reply_to WHERE q.id <> ALL($1)) replies WHERE asked_before > asked`;

/** What PostgreSQL says of an installation, read past the service. */
export class Ledger {
  private constructor(
    private readonly url: string,
    private client: Client | null,
  ) {}

  static async open(url: string): Promise<Ledger> {
    const ledger = new Ledger(url, null);
    await ledger.connected();
    return ledger;
  }

  async close(): Promise<void> {
    await this.client?.end().catch(() => undefined);
  }

  /** What is not over yet, a line each. */
  unfinished(): Promise<string[]> {
    return this.complaints(unfinished);
  }

  /** What the stored conversations get wrong for good, a line each. The order does not count for `excused` messages. */
  async breaches(excused: string[]): Promise<string[]> {
    const late = await this.ids(DISORDER, [excused]);
    return [
      ...(await this.complaints(breaches)),
      ...late.map((id) => `${id} was answered after a later message of its thread`),
    ];
  }

  /** What is owed an answer just now. */
  owed(): Promise<string[]> {
    return this.ids(`SELECT id FROM messages WHERE status = 'accepted'`);
  }

  /** Those of `message_ids` that were never stored. */
  lost(message_ids: string[]): Promise<string[]> {
    return this.ids('SELECT id FROM unnest($1::text[]) AS id EXCEPT SELECT id FROM messages', [message_ids]);
  }

  /** The replies of a thread, in their order. */
  replies(thread_id: string): Promise<string[]> {
    return this.ids(`SELECT id FROM messages WHERE thread_id = $1 AND role = 'assistant' ORDER BY position`, [
      thread_id,
    ]);
  }

  agents(): Promise<string[]> {
    return this.ids('SELECT id FROM agents');
  }

  runningAgents(): Promise<string[]> {
    return this.ids(`SELECT agent_id AS id FROM instances WHERE state = 'running'`);
  }

  liveInstances(): Promise<string[]> {
    return this.ids('SELECT id FROM instances WHERE ended_at IS NULL');
  }

  /** The threads in which a reply came before that to an earlier message, a line a message: what to look at first. */
  disorder(): Promise<string[]> {
    return this.ids(
      `SELECT concat_ws(' ', q.thread_id, q.position, q.id, to_char(q.created_at, 'MI:SS.MS'), q.status,
                        'answered', r.position, 'by generation', r.generation, to_char(r.created_at, 'MI:SS.MS')) AS id
       FROM messages q LEFT JOIN messages r ON r.in_reply_to = q.id
       WHERE q.role = 'user' AND q.thread_id IN (SELECT thread_id FROM (
         SELECT r.thread_id, q.position AS asked, lag(q.position) OVER (PARTITION BY r.thread_id ORDER BY r.position) AS before
         FROM messages r JOIN messages q ON q.id = r.in_reply_to) replies WHERE before > asked)
       ORDER BY q.thread_id, q.position LIMIT 40`,
    );
  }

  /** For what a single test wants to know. */
  async query<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await (await this.connected()).query<Row>(sql, parameters)).rows;
  }

  private async complaints(rules: Record<string, string>): Promise<string[]> {
    const found: string[] = [];
    for (const [rule, sql] of Object.entries(rules)) {
      const ids = await this.ids(sql);
      if (ids.length > 0) found.push(`${rule}: ${ids.length} (${ids.slice(0, 5).join(', ')})`);
    }
    return found;
  }

  private async ids(sql: string, parameters: unknown[] = []): Promise<string[]> {
    return (await this.query<{ id: string }>(sql, parameters)).map(({ id }) => id);
  }

  /** The database may be dropped, or its server cut off by a test, while a connection is idle. */
  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: 10_000,
      query_timeout: 30_000,
    });
    client.on('error', () => (this.client = null));
    await client.connect();
    this.client = client;
    return client;
  }
}
