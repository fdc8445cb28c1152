import { describe, expect, it } from 'vitest';
import { testConfig } from '../test/test-config';
import { instanceSpec } from './instance-spec';
import { memberSpec, templateOf } from './pool/pool-template';

const proxy = 'http://egress-proxy:3128';
const limits = { memory_mb: 512, cpus: 1, pids: 128 } as Parameters<typeof instanceSpec>[1];
const config = (env: Record<string, string> = {}) =>
  testConfig({ DATABASE_URL: 'postgres://db/roost', REDIS_URL: 'redis://redis:6379', ...env });
const environments = (env: Record<string, string> = {}) => [
  instanceSpec({ id: 'inst-1', agent_id: 'agent_a_0000', generation: 1 }, limits, 'code', config(env)).env,
  memberSpec('inst-1', 'code', config(env)).env,
];

describe('the environment of an instance, of an agent or in the pool', () => {
  it('names the proxy that is its way out, for both schemes', () => {
    for (const env of environments({ RUNNER_EGRESS_PROXY: proxy }))
      expect(env).toMatchObject({ HTTP_PROXY: proxy, HTTPS_PROXY: proxy });
  });

  it('names none where there is none', () => {
    for (const env of environments()) {
      expect(env).not.toHaveProperty('HTTP_PROXY');
      expect(env).not.toHaveProperty('HTTPS_PROXY');
    }
  });

  it('makes pool members of another proxy other members', () => {
    expect(templateOf(config({ RUNNER_EGRESS_PROXY: proxy }))).not.toBe(templateOf(config()));
  });
});
