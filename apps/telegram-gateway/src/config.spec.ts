import { ConfigError, describeConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { gatewaySchema, readConfig } from './config';

describe("the gateway's environment", () => {
  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(gatewaySchema));
    expect(readmeSection('env:telegram-gateway', table)).toBe(table);
  });

  it('needs nothing', () => {
    expect(readConfig({})).toMatchObject({ GATEWAY_PORT: 8002, LOG_FORMAT: 'json' });
  });

  it.each(['GATEWAY_PORT', 'LOG_LEVEL'])('names %s when it is wrong', (name) => {
    const read = (): unknown => readConfig({ [name]: 'nonsense' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^  ${name}: `, 'm'));
  });
});
