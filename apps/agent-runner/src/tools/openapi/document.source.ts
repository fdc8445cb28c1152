import type { OpenapiTool } from '@roost/contracts';
import type { GuardedHttpClient } from '@roost/guarded-http';
import { ToolUnavailableError } from '../tool';

const DOCUMENT_BYTES_MAX = 1_048_576;
const DEADLINE_MS = 10_000;
/** A few aliases are good style; many make much of little. */
const ALIASES_MAX = 100;

/**
 * The document at the tool's URL, JSON or YAML. It is asked for without the tool's headers: those are for the API.
 * @throws {GuardedHttpError | ToolUnavailableError}
 */
export async function fetchDocument(http: GuardedHttpClient, { url }: OpenapiTool): Promise<unknown> {
  const { status, body } = await http.request({
    url: url ?? '',
    method: 'GET',
    headers: { accept: 'application/json, application/yaml;q=0.9, */*;q=0.5', 'user-agent': 'roost' },
    deadline_ms: DEADLINE_MS,
    response_bytes_max: DOCUMENT_BYTES_MAX,
  });
  if (status !== 200)
    throw new ToolUnavailableError(`its OpenAPI document could not be had: HTTP ${status}.`);
  const text = body.toString();
  return text.trimStart().startsWith('{') ? readJson(text) : readYaml(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ToolUnavailableError('its OpenAPI document is not valid JSON.', { cause: error });
  }
}

async function readYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX });
  } catch (error) {
    throw new ToolUnavailableError('its OpenAPI document is neither valid JSON nor YAML.', { cause: error });
  }
}
