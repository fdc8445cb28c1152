import { ConfigError, describeConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { gatewaySchema, readConfig } from './config';

const needed = {
  DATABASE_URL: 'postgresql+asyncpg://gateway:secret@db/roost',
  GATEWAY_API_KEY: `roost_${'G'.repeat(43)}`,
};

describe("the gateway's environment", () => {
  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(gatewaySchema));
    expect(readmeSection('env:telegram-gateway', table)).toBe(table);
  });

  it('needs its database and its key, and reads the rest by default', () => {
    expect(readConfig(needed)).toMatchObject({
      DATABASE_URL: 'postgres://gateway:secret@db/roost',
      GATEWAY_PORT: 8002,
      TELEGRAM_API_URL: 'https://api.telegram.org',
      LOG_FORMAT: 'json',
    });
  });

  it.each([
    'GATEWAY_PORT',
    'LOG_LEVEL',
    'DATABASE_URL',
    'GATEWAY_API_KEY',
    'TELEGRAM_BOT_TOKEN',
    'TELEGRAM_WEBHOOK_URL',
  ])('names %s when it is wrong, and not what it was', (name) => {
    const read = (): unknown => readConfig({ ...needed, [name]: 'nonsense' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^  ${name}: `, 'm'));
    expect(read).not.toThrow(/nonsense/);
  });
});
