import { type SearchMode, searchModes } from '@roost/contracts';
import { type Installation, prepareStandaloneInstallation } from '@roost/testing';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type EvalConfig, readConfig } from './config';
import { readDataset } from './dataset';
import { measureJudged } from './judged.measure';
import { judgedNotMeasured } from './judged.rows';
import { KnowledgeClient } from './knowledge.client';
import { readOptions } from './options';
import { judgedTable, retrievalTable } from './report';
import { measureRetrieval } from './retrieval.measure';
import { retrievalRows, slicesOf } from './retrieval.rows';

const config = readConfig(process.env);
const options = readOptions(process.argv.slice(2));
const interrupted = new AbortController();
const interrupt = (): void => interrupted.abort(new Error('interrupted'));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

const noEmbeddings = config.embeddings ? null : 'neither EMBEDDING_BASE_URL nor OPENAI_API_KEY is set';
const notMeasured: Record<SearchMode, string | null> = {
  dense: noEmbeddings,
  keyword: null,
  hybrid: noEmbeddings,
};

const { installation, close } = await prepareStandaloneInstallation('eval', {
  ...config.manager,
  ...(config.judge ? { OPENAI_API_KEY: config.judge.api_key, OPENAI_BASE_URL: config.judge.base_url } : {}),
});
try {
  const { api } = await installation.startManager({
    ...embeddingsOf(installation, config),
    // Goes with the installation.
    KNOWLEDGE_DIR: join(installation.directory, 'knowledge'),
  });
  await evaluate(api);
} catch (error) {
  if (!interrupted.signal.aborted) console.error(installation.logs(20));
  throw error;
} finally {
  await close();
}

async function evaluate(api: Installation['api']): Promise<void> {
  const { signal } = interrupted;
  const { documents, questions } = readDataset();
  const chosen = questions.filter(({ split }) => options.splits.includes(split));
  console.log(`ingesting ${documents.length} documents`);
  const knowledge = await KnowledgeClient.fill(api, documents, signal);

  const modes = searchModes.filter((mode) => notMeasured[mode] === null);
  console.log(`searching: ${modes.join(', ')}`);
  const observations = await measureRetrieval(knowledge, chosen, modes, signal);
  const retrieval = retrievalRows({
    questions: chosen,
    observations,
    slices: slicesOf(new Map(documents.map(({ id, lang }) => [id, lang]))),
    splits: options.splits,
    notMeasured,
  });
  const judged = config.judge
    ? await measureJudged({
        api,
        knowledge,
        judge: config.judge,
        questions: chosen,
        splits: options.splits,
        signal,
      })
    : judgedNotMeasured(options.splits, 'OPENAI_API_KEY is not set');

  console.log(`\n${retrievalTable(retrieval)}\n\n${judgedTable(judged)}`);
  if (options.json === null) return;
  mkdirSync(dirname(options.json), { recursive: true });
  const measured_at = new Date().toISOString();
  writeFileSync(
    options.json,
    `${JSON.stringify({ measured_at, retrieval, judged, observations }, null, 2)}\n`,
  );
  console.log(`\nwritten to ${options.json}`);
}

/** Ingestion needs vectors; those of the stub mean nothing, and nothing that rests on them is measured. */
function embeddingsOf({ model }: Installation, { embeddings }: EvalConfig): Record<string, string> {
  return embeddings ?? { EMBEDDING_BASE_URL: model.baseUrl, EMBEDDING_API_KEY: 'stub' };
}
