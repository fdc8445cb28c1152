import { knownBaseUrls } from '@roost/contracts';

/** The model that answers and judges. */
export interface JudgeSettings {
  base_url: string;
  api_key: string;
  model: string;
}

export interface EvalConfig {
  /** The embedding model's variables for the manager; null without a model: nothing dense is measured. */
  embeddings: Record<string, string> | null;
  judge: JudgeSettings | null;
  /** Further variables for the manager: which store, which reranker. */
  manager: Record<string, string>;
}

type Environment = Record<string, string | undefined>;

/**
 * An installation is given nothing of the environment but this. Whoever has a key but names no embedding model is
 * measured with that provider's.
 */
export function readConfig(env: Environment): EvalConfig {
  const key = env['OPENAI_API_KEY'];
  const base_url = env['OPENAI_BASE_URL'] ?? knownBaseUrls.openai ?? '';
  return {
    embeddings: env['EMBEDDING_BASE_URL']
      ? given(env, /^EMBEDDING_/)
      : key
        ? { ...given(env, /^EMBEDDING_/), EMBEDDING_BASE_URL: base_url, EMBEDDING_API_KEY: key }
        : null,
    judge: key ? { base_url, api_key: key, model: env['EVAL_MODEL'] ?? 'gpt-4.1-mini' } : null,
    manager: given(env, /^(QDRANT|RERANK|KNOWLEDGE)/),
  };
}

const given = (env: Environment, names: RegExp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value && names.test(name) ? [[name, value]] : [])),
  );
