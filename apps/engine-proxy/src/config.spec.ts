import { ConfigError, describeConfig } from '@roost/service-kit';
import { environmentTable, readmeSection } from '@roost/testing';
import { describe, expect, it } from 'vitest';
import { proxySchema, readConfig } from './config';

describe("the proxy's environment", () => {
  it('is the table in README.md; after a change run: npm run generate', () => {
    const table = environmentTable(describeConfig(proxySchema));
    expect(readmeSection('env:engine-proxy', table)).toBe(table);
  });

  it('needs the images, and reads the rest by default', () => {
    expect(readConfig({ RUNNER_IMAGES: 'roost/agent-runner:1, roost/agent-runner:2' })).toMatchObject({
      RUNNER_IMAGES: ['roost/agent-runner:1', 'roost/agent-runner:2'],
      RUNNER_NETWORK: 'roost-runners',
      PROXY_PORT: 2375,
    });
  });

  it.each([{}, { RUNNER_IMAGES: ' , ' }])('lets no image at all pass for any image: %j', (env) => {
    expect(() => readConfig(env)).toThrow(ConfigError);
    expect(() => readConfig(env)).toThrow(/RUNNER_IMAGES/);
  });
});
