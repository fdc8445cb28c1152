import { ConfigError, describeConfig, redactConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { configSchema, readConfig } from './config';

const environment = {
  AGENT_ID: 'agent_opening_hours_x7k2',
  INSTANCE_ID: 'inst-0123456789abcdefghij',
  CONFIG_URL: 'http://manager:8001/agents/agent_opening_hours_x7k2/config',
  EXCHANGE_CODE: 'canary-code',
};

describe("a runner's environment", () => {
  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(configSchema));
    expect(readmeSection('env:agent-runner', table)).toBe(table);
  });

  it.each(['AGENT_ID', 'CONFIG_URL', 'REDIS_URL', 'STOP_GRACE_SECONDS'])(
    'names %s when it is wrong',
    (name) => {
      const read = (): unknown => readConfig([], { ...environment, [name]: 'canary value' });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(new RegExp(`^  ${name}: `, 'm'));
      expect(read).not.toThrow(/canary/);
    },
  );

  it('may be given on the command line instead, which wins', () => {
    const argv = ['--agent-id', 'agent_other_0000', '--redis-url', 'redis://elsewhere:6379'];
    expect(readConfig(argv, environment).config).toMatchObject({
      AGENT_ID: 'agent_other_0000',
      REDIS_URL: 'redis://elsewhere:6379',
      CONFIG_URL: environment.CONFIG_URL,
    });
  });

  it('may be absent to warm up, which connects nowhere', () => {
    expect(readConfig(['--warm'], {})).toMatchObject({ warm: true });
  });

  it('is logged without its secrets', () => {
    const { config } = readConfig([], { ...environment, LANGSMITH_API_KEY: 'canary-tracing' });
    expect(JSON.stringify(redactConfig(configSchema, config))).not.toContain('canary');
  });
});
