import { Client } from 'pg';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Installation } from '../manager/installation';
import { redisCli } from '../manager/redis.cli';

/** What is read of PostgreSQL, by the file it goes to. */
const QUERIES: Record<string, string> = {
  agents: 'SELECT * FROM agents',
  instances: 'SELECT * FROM instances ORDER BY created_at',
  messages: 'SELECT * FROM messages ORDER BY created_at',
  leases: 'SELECT *, now() FROM leases',
  pool: 'SELECT * FROM pool_instances',
  activity: 'SELECT * FROM pg_stat_activity WHERE datname = current_database()',
};

const REDIS_VIEW = `
  local found = {}
  for _, key in ipairs(redis.call('KEYS', 'roost:agent:*')) do
    local kind = redis.call('TYPE', key).ok
    local line = key .. ' ' .. kind .. ' ttl ' .. redis.call('PTTL', key)
    if kind == 'stream' then
      line = line .. ' length ' .. redis.call('XLEN', key)
      for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do line = line .. ' ' .. cjson.encode(group) end
      for _, entry in ipairs(redis.call('XRANGE', key, '-', '+', 'COUNT', 20)) do
        line = line .. '\\n  ' .. cjson.encode(entry)
      end
    elseif kind == 'string' then line = line .. ' ' .. redis.call('GET', key)
    end
    found[#found + 1] = line
  end
  return found`;

/**
 * Copies what tells why a test failed before the installation is taken away: every log whole, what PostgreSQL and
 * Redis hold. Returns the folder. It never fails: a server may be what is broken.
 */
export async function keepEvidence(installation: Installation, test: string): Promise<string> {
  const name = `${test.replace(/[^a-z0-9]+/gi, '-').slice(0, 60)}-${Date.now()}`;
  const folder = join(tmpdir(), `roost-faults-${userInfo().uid}`, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const attempt = async (file: string, read: () => Promise<string>) => {
    writeFileSync(join(folder, file), await read().catch((error: unknown) => `not read: ${String(error)}`));
  };
  await Promise.all([
    attempt('copy.txt', async () => {
      await cp(installation.directory, join(folder, 'installation'), {
        recursive: true,
        // Sockets and the like cannot be copied, and tell nothing.
        filter: (path) => !path.endsWith('.sock'),
      });
      return 'the folder of the installation was copied';
    }),
    attempt('redis.txt', () => redisCli(installation.redis.url, 'EVAL', REDIS_VIEW, '0')),
    ...Object.entries(QUERIES).map(([table, sql]) =>
      attempt(`${table}.jsonl`, () => rows(installation.database.url, sql)),
    ),
  ]);
  return folder;
}

async function rows(url: string, sql: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows.map((row) => JSON.stringify(row)).join('\n');
  } finally {
    await client.end();
  }
}
