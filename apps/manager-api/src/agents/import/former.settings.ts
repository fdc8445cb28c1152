import { modelProviders } from '@roost/contracts';
import { clamped, type Fields, fieldsOf, given, listOf, numberOf, textOf } from './former.values';
import { ToolImport } from './former.tools';
import { LeftOutList } from './left-out';

/** What a configuration of the Python service becomes. */
export interface ImportedConfiguration {
  /** Still to be validated, like any other. */
  configuration: Fields;
  left_out: LeftOutList;
}

const DEPTH_MAX = 200;
const MODEL_FIELDS = [
  ...['provider', 'modelId', 'temperature', 'maxTokens', 'systemPrompt', 'limitToKnowledgeBase'],
  ...['answerInUserLanguage', 'useMarkdown', 'enableContextMemory', 'contextMemoryDepth'],
];

/**
 * Reads `config.simple.settings` as the Python service kept it.
 * @param knowledge_bases what its knowledge bases are called here.
 */
export function importSettings(
  settings: Fields,
  name: string,
  path: string,
  knowledge_bases: ReadonlyMap<string, string>,
): ImportedConfiguration {
  const left_out = new LeftOutList();
  const model = fieldsOf(settings['model']);
  left_out.addUnknown(path, settings, ['name', 'description', 'model', 'tools', 'integrations']);
  left_out.addUnknown(`${path}.model`, model, MODEL_FIELDS);
  const tools = new ToolImport(left_out, knowledge_bases);
  const imported = listOf(settings['tools']).flatMap((tool, index) =>
    tools.take(tool, `${path}.tools.${index}`),
  );
  listOf(settings['integrations']).forEach((integration, index) => {
    const type = textOf(fieldsOf(integration)['type']) ?? 'unnamed';
    left_out.add(`${path}.integrations.${index}`, `the integration ${type} was left out: connect it anew`);
  });
  return {
    configuration: {
      ...given({
        name,
        description: textOf(settings['description']),
        system_prompt: textOf(model['systemPrompt']),
        answer_in_user_language: booleanOf(model['answerInUserLanguage']),
        use_markdown: booleanOf(model['useMarkdown']),
      }),
      model: importModel(model, `${path}.model`, left_out),
      memory: importMemory(model, `${path}.model`, left_out),
      tools: imported,
      ...(tools.hasKnowledge
        ? { knowledge: given({ limit_to_knowledge_base: booleanOf(model['limitToKnowledgeBase']) }) }
        : {}),
      ...(tools.secrets.values.size > 0 ? { secrets: Object.fromEntries(tools.secrets.values) } : {}),
    },
    left_out,
  };
}

function importModel(model: Fields, path: string, left_out: LeftOutList): Fields {
  const said = textOf(model['provider'])?.toLowerCase();
  const provider = modelProviders.find((known) => known === said);
  if (said !== undefined && provider === undefined)
    left_out.add(
      `${path}.provider`,
      `${said} is not known: openai stands in its place. Any provider that speaks the OpenAI protocol works with model.base_url and model.api_key`,
    );
  const temperature = numberOf(model['temperature']);
  if (temperature !== undefined && (temperature < 0 || temperature > 2))
    left_out.add(`${path}.temperature`, `${temperature} was brought between 0 and 2`);
  const max_tokens = numberOf(model['maxTokens']);
  return given({
    provider,
    name: textOf(model['modelId']),
    temperature: temperature === undefined ? undefined : clamped(temperature, 0, 2),
    max_tokens: max_tokens !== undefined && max_tokens >= 1 ? Math.trunc(max_tokens) : undefined,
  });
}

function importMemory(model: Fields, path: string, left_out: LeftOutList): Fields {
  const depth = numberOf(model['contextMemoryDepth']);
  const enabled = booleanOf(model['enableContextMemory']);
  if (depth === undefined) return given({ enabled });
  if (depth < 1) return { enabled: false };
  if (depth > DEPTH_MAX)
    left_out.add(`${path}.contextMemoryDepth`, `${depth} was cut to ${DEPTH_MAX}, the deepest memory`);
  return given({ enabled, depth: clamped(Math.trunc(depth), 1, DEPTH_MAX) });
}

const booleanOf = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
