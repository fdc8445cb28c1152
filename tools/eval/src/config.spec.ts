import { describe, expect, it } from 'vitest';
import { readConfig } from './config';

describe('the environment of an evaluation', () => {
  it('has neither an embedding model nor a judge when it names none', () =>
    expect(readConfig({ PATH: '/bin' })).toEqual({ embeddings: null, judge: null, manager: {} }));

  it('takes the embedding model that is named, and nothing for a judge', () => {
    const named = { EMBEDDING_BASE_URL: 'http://127.0.0.1:1/v1', EMBEDDING_MODEL: 'small' };
    expect(readConfig(named)).toMatchObject({ embeddings: named, judge: null });
  });

  it("takes the key's provider for both when only a key is named", () =>
    expect(readConfig({ OPENAI_API_KEY: 'sk-1', OPENAI_BASE_URL: 'http://127.0.0.1:2/v1' })).toMatchObject({
      embeddings: { EMBEDDING_BASE_URL: 'http://127.0.0.1:2/v1', EMBEDDING_API_KEY: 'sk-1' },
      judge: { base_url: 'http://127.0.0.1:2/v1', api_key: 'sk-1', model: 'gpt-4.1-mini' },
    }));

  it('sends the key to no embedding model that was named apart from it', () =>
    expect(
      readConfig({ OPENAI_API_KEY: 'sk-1', EMBEDDING_BASE_URL: 'http://127.0.0.1:1/v1' }).embeddings,
    ).toEqual({ EMBEDDING_BASE_URL: 'http://127.0.0.1:1/v1' }));

  it('hands on which store is measured', () =>
    expect(readConfig({ QDRANT_URL: 'http://127.0.0.1:6333' }).manager).toEqual({
      QDRANT_URL: 'http://127.0.0.1:6333',
    }));
});
