import { modelProviders } from '@roost/contracts';
import { FormerFields } from './former.fields';
import { clamped, type Fields, fieldsOf, given, textOf } from './former.values';
import { type ImportedTool, ToolImport } from './former.tools';
import { LeftOutList } from './left-out';

/** What a configuration of the Python service becomes. */
export interface ImportedConfiguration {
  /** All but its tools; still to be validated, like any other. */
  configuration: Fields;
  /** Each still to be validated. */
  tools: ImportedTool[];
  /** What holds where a knowledge base is among the tools; null when nothing was said of it. */
  limit_to_knowledge_base: boolean | null;
  left_out: LeftOutList;
}

export const NAME_MAX = 120;
const TEXT_MAX = 2_000;
const PROMPT_MAX = 100_000;
const MODEL_NAME_MAX = 200;
const TOKENS_MAX = 1_000_000;
const DEPTH_MAX = 200;

/**
 * Reads `config.simple.settings` as the Python service kept it.
 * @param name what the agent shall be called; null for what it was called.
 * @param knowledge_bases what its knowledge bases are called here.
 */
export function importSettings(
  former: Fields,
  name: string | null,
  path: string,
  knowledge_bases: ReadonlyMap<string, string>,
): ImportedConfiguration {
  const left_out = new LeftOutList();
  const settings = new FormerFields(former, path, left_out);
  const model = settings.object('model');
  const importer = new ToolImport(left_out, knowledge_bases);
  const tools = settings
    .list('tools')
    .flatMap((tool, index) => importer.take(tool, `${path}.tools.${index}`) ?? []);
  settings.list('integrations').forEach((integration, index) => {
    const type = textOf(fieldsOf(integration)['type']) ?? 'unnamed';
    settings.leaveOut(
      `integrations.${index}`,
      `the integration ${type.slice(0, 64)} was left out: connect it anew`,
    );
  });
  const called = settings.text('name', NAME_MAX);
  const configuration = {
    ...given({
      name: name ?? called ?? 'Imported agent',
      description: settings.text('description', TEXT_MAX),
      system_prompt: model.text('systemPrompt', PROMPT_MAX),
      answer_in_user_language: model.boolean('answerInUserLanguage'),
      use_markdown: model.boolean('useMarkdown'),
    }),
    model: importModel(model),
    memory: importMemory(model),
    ...(importer.secrets.values.size > 0 ? { secrets: Object.fromEntries(importer.secrets.values) } : {}),
  };
  const limit_to_knowledge_base = model.boolean('limitToKnowledgeBase') ?? null;
  settings.leaveOutOthers();
  model.leaveOutOthers();
  return { configuration, tools, limit_to_knowledge_base, left_out };
}

function importModel(model: FormerFields): Fields {
  const said = model.text('provider', MODEL_NAME_MAX)?.toLowerCase();
  const provider = modelProviders.find((known) => known === said);
  if (said !== undefined && provider === undefined)
    model.leaveOut(
      'provider',
      `${said} is not known: openai stands in its place. Any provider that speaks the OpenAI protocol works with model.base_url and model.api_key`,
    );
  const temperature = model.number('temperature');
  if (temperature !== undefined && (temperature < 0 || temperature > 2))
    model.leaveOut('temperature', `${temperature} was brought between 0 and 2`);
  const max_tokens = model.number('maxTokens');
  const tokens = max_tokens === undefined ? undefined : clamped(Math.trunc(max_tokens), 0, TOKENS_MAX);
  if (tokens !== max_tokens)
    model.leaveOut('maxTokens', `${max_tokens} became ${tokens === 0 ? 'no limit' : tokens}`);
  return given({
    provider,
    name: model.text('modelId', MODEL_NAME_MAX),
    temperature: temperature === undefined ? undefined : clamped(temperature, 0, 2),
    // None and 0 both meant the provider's own limit.
    max_tokens: tokens === 0 ? undefined : tokens,
  });
}

function importMemory(model: FormerFields): Fields {
  const depth = model.number('contextMemoryDepth');
  const enabled = model.boolean('enableContextMemory');
  if (depth === undefined) return given({ enabled });
  if (depth < 1) return { enabled: false };
  if (depth > DEPTH_MAX)
    model.leaveOut('contextMemoryDepth', `${depth} was cut to ${DEPTH_MAX}, the deepest memory`);
  return given({ enabled, depth: clamped(Math.trunc(depth), 1, DEPTH_MAX) });
}
