import { describe, expect, it } from 'vitest';
import { testConfig } from '../test/test-config';
import { langSmithOf } from './langsmith.variables';

const settings = (env: Record<string, string>) =>
  langSmithOf(testConfig({ DATABASE_URL: 'postgres://db/roost', REDIS_URL: 'redis://redis:6379', ...env }));

describe('what instances are told of LangSmith', () => {
  it('is nothing unless tracing is switched on: a key alone sends no texts anywhere', () => {
    expect(settings({})).toEqual({});
    expect(settings({ LANGSMITH_API_KEY: 'key', LANGSMITH_PROJECT: 'shop' })).toEqual({});
  });

  it('is where it is, with its key and what to hide', () => {
    const on = { LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: 'key' };
    expect(settings(on)).toEqual({
      langsmith: {
        endpoint: 'https://api.smith.langchain.com',
        api_key: 'key',
        project: 'default',
        hide_inputs: false,
        hide_outputs: false,
      },
    });
    expect(settings({ ...on, LANGSMITH_HIDE_INPUTS: 'true', LANGSMITH_HIDE_OUTPUTS: 'true' })).toMatchObject({
      langsmith: { hide_inputs: true, hide_outputs: true },
    });
  });

  it.each([
    ['shop', { LANGSMITH_PROJECT: 'shop', LANGCHAIN_PROJECT: 'former' }],
    ['former', { LANGCHAIN_PROJECT: 'former' }],
  ])('names the project %s', (project, names) => {
    const on = { LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: 'key' };
    expect(settings({ ...on, ...names })).toMatchObject({ langsmith: { project } });
  });

  it('needs a key, and the manager says so before it starts', () => {
    expect(() => settings({ LANGSMITH_TRACING: 'true' })).toThrow(
      /LANGSMITH_TRACING needs LANGSMITH_API_KEY/,
    );
  });
});
