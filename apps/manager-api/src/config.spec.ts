import { ConfigError, describeConfig, redactConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { managerSchema, readConfig } from './config';

const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64');
const environment = { DATABASE_URL: 'postgres://roost:canary-password@db:5432/roost', SECRETS_KEY };

const complaint = (changed: Record<string, string | undefined>): string => {
  try {
    readConfig({ ...environment, ...changed });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe("the manager's environment", () => {
  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(managerSchema));
    expect(readmeSection('env:manager-api', table)).toBe(table);
  });

  it('needs no more than a database and a key for secrets', () => {
    expect(readConfig(environment)).toMatchObject({
      REDIS_URL: 'redis://localhost:6379',
      MANAGER_PORT: 8000,
      LAUNCHER: 'docker',
      AGENT_INACTIVITY_TIMEOUT: 1_800,
      AGENT_INACTIVITY_CHECK_INTERVAL: 300,
    });
  });

  it.each([
    ['DATABASE_URL', undefined, 'is required'],
    ['DATABASE_URL', 'mysql://db/roost', 'must be a postgres:// URL'],
    ['REDIS_URL', 'localhost:6379', 'must be a redis:// URL'],
    ['SECRETS_KEY', 'too-short', 'openssl rand -base64 32'],
    ['BOOTSTRAP_API_KEY', 'secret', 'must be roost_ and 43 characters'],
    ['MANAGER_PORT', '80000', '65535'],
    ['LAUNCHER', 'magic', '"docker"'],
    ['QDRANT_URL', 'qdrant:6333', 'must be an http:// or https:// URL'],
    ['QDRANT_COLLECTION', 'a/b', 'letters, digits, _ and -'],
    ['EMBEDDING_DIMENSIONS', '0', '1'],
    ['TOOL_ALLOWED_HOSTS', 'http://orders', 'separated by commas'],
    ['RUNNER_EGRESS_PROXY', 'egress-proxy:3128', 'must be an http:// URL of a forward proxy'],
    ['API_DOCS', 'perhaps', 'Serve `/docs`'],
  ])('names %s when it is %s, and the remedy', (name, value, remedy) => {
    expect(complaint({ [name]: value })).toMatch(new RegExp(`^  ${name}: `, 'm'));
    expect(complaint({ [name]: value })).toContain(remedy);
  });

  it('names everything that is wrong at once, and no value', () => {
    const message = complaint({ SECRETS_KEY: 'canary-secret', MANAGER_PORT: 'canary-port' });
    expect(message).toMatch(/SECRETS_KEY: [^]*MANAGER_PORT: |MANAGER_PORT: [^]*SECRETS_KEY: /);
    expect(message).not.toContain('canary');
  });

  it('takes what .env.example says, so that a copy of it starts', () => {
    const example = parseEnv(readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8'));
    expect(complaint(example)).toBe('accepted');
    expect(example).toHaveProperty('BOOTSTRAP_API_KEY');
  });

  it('counts an empty variable as absent', () => {
    expect(readConfig({ ...environment, REDIS_URL: '', OPENAI_API_KEY: ' ' })).toMatchObject({
      REDIS_URL: 'redis://localhost:6379',
    });
  });

  it.each(['postgresql+asyncpg', 'postgres+psycopg2', 'postgresql', 'postgres'])(
    'takes %s:// as the scheme of DATABASE_URL',
    (scheme) => {
      const { DATABASE_URL } = readConfig({ ...environment, DATABASE_URL: `${scheme}://roost:x@db/roost` });
      expect(DATABASE_URL).toMatch(/^postgres(ql)?:\/\/roost:x@db\/roost$/);
    },
  );

  it('is logged without its secrets', () => {
    const config = readConfig({
      ...environment,
      REDIS_URL: 'redis://:canary-redis@redis:6379',
      BOOTSTRAP_API_KEY: `roost_${'c'.repeat(43)}`,
      OPENAI_API_KEY: 'canary-provider',
    });
    const logged = JSON.stringify(redactConfig(managerSchema, config));
    expect(logged).not.toMatch(/canary|roost_c/);
    expect(logged).not.toContain(SECRETS_KEY);
    expect(JSON.parse(logged)).toMatchObject({ MANAGER_PORT: 8000, OPENAI_API_KEY: '[redacted]' });
  });
});
