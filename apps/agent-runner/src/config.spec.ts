import { ConfigError, describeConfig, redactConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { configSchema, egressProxy, readConfig, readPoolConfig } from './config';

const environment = {
  AGENT_ID: 'agent_bread_a1b2',
  INSTANCE_ID: 'inst-1',
  CONFIG_URL: 'http://manager:8001/agents/agent_bread_a1b2/config',
  EXCHANGE_CODE: 'secret-code',
};

describe('readConfig', () => {
  it('takes defaults for what a person need not decide', () => {
    expect(readConfig([], environment)).toEqual({
      warm: false,
      config: expect.objectContaining({
        REDIS_URL: 'redis://localhost:6379',
        STOP_GRACE_SECONDS: 30,
        RUN_CONCURRENCY: 16,
        MODEL_TIMEOUT_SECONDS: 120,
        LOG_FORMAT: 'json',
      }),
    });
  });

  it('prefers the command line', () => {
    const { config } = readConfig(
      ['--agent-id', 'agent_cake_zzzz', '--config-url=http://h:1/c', '--redis-url', 'redis://r:1'],
      environment,
    );
    expect(config).toMatchObject({
      AGENT_ID: 'agent_cake_zzzz',
      CONFIG_URL: 'http://h:1/c',
      REDIS_URL: 'redis://r:1',
    });
  });

  it('has one way out for all schemes, and none that is not plain HTTP', () => {
    const both = { HTTP_PROXY: 'http://one:3128', HTTPS_PROXY: 'http://two:3128' };
    const proxyOf = (env: object) => egressProxy(readConfig([], { ...environment, ...env }).config);
    expect([proxyOf({}), proxyOf({ HTTP_PROXY: both.HTTP_PROXY }), proxyOf(both)]).toEqual([
      undefined,
      'http://one:3128',
      'http://two:3128',
    ]);
    expect(() => proxyOf({ HTTPS_PROXY: 'socks5://one:1080' })).toThrow(
      /HTTPS_PROXY: must be an http:\/\/ URL/,
    );
  });

  it('needs no environment to warm up', () => {
    expect(readConfig(['--warm'], {}).warm).toBe(true);
  });

  it('demands an agent of a runner that is no pool member', () => {
    const { AGENT_ID: _agent, ...rest } = environment;
    expect(readPoolConfig([], rest)).toBeNull();
    expect(() => readConfig([], rest)).toThrow(/AGENT_ID/);
  });

  it.each([
    ['--pool', ['--pool'], {}],
    ['POOL', [], { POOL: '1' }],
  ])('of a pool member, told by %s, has no agent and refuses one', (_name, argv, pool) => {
    const { AGENT_ID: _agent, ...rest } = environment;
    expect(readPoolConfig(argv, { ...rest, ...pool })).toMatchObject({ INSTANCE_ID: 'inst-1' });
    expect(() => readPoolConfig(argv, { ...environment, ...pool })).toThrow(/AGENT_ID: must not be given/);
    expect(() => readPoolConfig(argv, pool)).toThrow(/INSTANCE_ID[\s\S]*EXCHANGE_CODE/);
  });

  it('names what does not fit and never its value', () => {
    const read = () => readConfig([], { ...environment, AGENT_ID: 'Bad Value', RUN_CONCURRENCY: '0' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/AGENT_ID[\s\S]*RUN_CONCURRENCY/);
    expect(read).not.toThrow(/Bad Value/);
  });

  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(configSchema));
    expect(readmeSection('env:agent-runner', table)).toBe(table);
  });

  it('is logged without its secrets', () => {
    const { config } = readConfig([], environment);
    expect(JSON.stringify(redactConfig(configSchema, config))).not.toContain('secret-');
  });
});
