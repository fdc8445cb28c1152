import {
  type AgentConfiguration,
  type FieldError,
  knownBaseUrls,
  type ModelProvider,
  ServiceError,
} from '@roost/contracts';
import { AgentConfigurationDto } from '@roost/contracts/rest';
import { validationFailed, validatorOptions } from '@roost/service-kit/http';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { checkSecretUses, readSecrets, type SecretsChange } from './agent-secrets';
import { type IntegrationTokensChange, takeTokens, withoutRemovedTokens } from './integration-tokens';
import { checkTools } from './tools-input';

/** What becomes of `model.api_key`: kept from the version before, replaced, or removed. */
export type ModelKeyChange = { kind: 'keep' } | { kind: 'set'; api_key: string } | { kind: 'remove' };

export interface AgentInput {
  configuration: AgentConfiguration;
  model_key: ModelKeyChange;
  secrets: SecretsChange;
  integration_tokens: IntegrationTokensChange;
}

const PATCH_DEPTH_MAX = 10;

/**
 * Reads a complete configuration. Secrets are taken out of it.
 * @throws {ServiceError} `validation_failed`
 */
export async function readConfiguration(body: unknown): Promise<AgentInput> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notAnObject();
  const { body: fitting, removed } = withoutRemovedTokens(body);
  const dto = plainToInstance(AgentConfigurationDto, fitting);
  const errors = await validate(dto, validatorOptions);
  if (errors.length > 0) throw validationFailed(errors);
  checkTools(dto.tools);
  const { secrets = {}, ...open } = dto;
  const { api_key, ...model } = dto.model;
  // The instances of DTO classes become plain data, as they are stored.
  const { integrations, tokens } = takeTokens(dto.integrations);
  const configuration = JSON.parse(JSON.stringify({ ...open, model, integrations })) as AgentConfiguration;
  return {
    configuration,
    model_key: api_key === undefined ? { kind: 'keep' } : { kind: 'set', api_key },
    secrets: readSecrets(secrets),
    integration_tokens: { ...tokens, ...removed },
  };
}

/** What is wrong with one tool by itself; fields are the tool's own. */
export async function toolProblems(tool: unknown): Promise<FieldError[]> {
  try {
    await readConfiguration({ name: 'any', model: { name: 'any' }, tools: [tool] });
    return [];
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'validation_failed') throw error;
    return (error.extras.errors ?? []).map(({ field, message }) => ({
      field: field.replace(/^tools\.0\./, ''),
      message: message.replaceAll('tools.0.', ''),
    }));
  }
}

/**
 * Applies a JSON merge patch (RFC 7396) to a configuration and reads the result. `model.api_key: null` removes the
 * agent's own key, null among `secrets` one of them.
 * @throws {ServiceError} `validation_failed`
 */
export async function patchConfiguration(current: AgentConfiguration, patch: unknown): Promise<AgentInput> {
  if (!isObject(patch)) throw notAnObject();
  const model = patch['model'];
  const removesKey = isObject(model) && model['api_key'] === null;
  const merged = mergePatch(
    current,
    removesKey ? { ...patch, model: { ...model, api_key: undefined } } : patch,
    0,
  );
  const input = await readConfiguration(merged);
  return removesKey ? { ...input, model_key: { kind: 'remove' } } : input;
}

/**
 * A key travels only to the base URL it was configured with: whoever names another one brings a key for it.
 * @throws {ServiceError} `model_key_required`
 */
function checkModelKey(next: AgentInput, before: AgentConfiguration | null, hasKey: boolean): void {
  const { base_url, provider } = next.configuration.model;
  if (base_url === null && !Object.hasOwn(knownBaseUrls, provider)) {
    throw badField('validation_failed', 'model.base_url', `must be given for the provider ${provider}`);
  }
  if (next.model_key.kind === 'set') return;
  const keeps = hasKey && next.model_key.kind === 'keep';
  if (keeps && before !== null && !sameTarget(before.model, { base_url, provider })) {
    throw badField(
      'model_key_required',
      'model.api_key',
      'must be sent when provider or base_url change, or be null to remove it',
    );
  }
  if (!keeps && (base_url !== null || provider !== 'openai')) {
    throw badField(
      'model_key_required',
      'model.api_key',
      "must be sent: the operator's key goes to no other base URL",
    );
  }
}

/** What an input says of credentials, held to what is stored. */
export function checkCredentials(
  next: AgentInput,
  before: { configuration: AgentConfiguration; model_api_key: string | null; secrets: object } | null,
): void {
  const former = before?.configuration ?? null;
  checkModelKey(next, former, before !== null && before.model_api_key !== null);
  checkSecretUses(next, former, Object.keys(before?.secrets ?? {}));
}

const sameTarget = (
  left: { base_url: string | null; provider: ModelProvider },
  right: typeof left,
): boolean => left.base_url === right.base_url && left.provider === right.provider;

function badField(
  code: 'validation_failed' | 'model_key_required',
  field: string,
  message: string,
): ServiceError {
  const errors: FieldError[] = [{ field, message }];
  return new ServiceError(code, `${field}: ${message}`, { errors });
}

function notAnObject(): ServiceError {
  return new ServiceError('validation_failed', 'The body must be a JSON object.');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396, except that null stays: here it is a value (`inactivity_timeout: null`). */
function mergePatch(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > PATCH_DEPTH_MAX) throw new ServiceError('validation_failed', 'The body is nested too deeply.');
  if (!isObject(patch)) return patch;
  const base = isObject(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__')
      throw new ServiceError('validation_failed', '__proto__: property __proto__ should not exist');
    merged[key] = mergePatch(base[key], value, depth + 1);
  }
  return merged;
}
