import {
  type AgentConfiguration,
  type FieldError,
  SECRET_BYTES,
  SECRET_NAME_PATTERN,
  SECRETS_MAX,
  ServiceError,
} from '@roost/contracts';
import { type SecretUse, secretUses } from './tools/secret-uses';

/** Secrets to store, by name; null removes one. Those it does not name stay as they are. */
export type SecretsChange = Readonly<Record<string, string | null>>;

/** Which may stand there: no header could carry a control character. */
const CONTROL = /\p{Cc}/u;

/** @throws {ServiceError} `validation_failed`, which quotes no value. */
export function readSecrets(secrets: Readonly<Record<string, unknown>>): SecretsChange {
  const errors = Object.entries(secrets).flatMap(([name, value]) => {
    const message = nameProblem(name) ?? valueProblem(value);
    return message === null ? [] : [{ field: `secrets.${name.slice(0, 64)}`, message }];
  });
  fail('validation_failed', errors);
  return secrets as SecretsChange;
}

/**
 * A secret goes only where it was configured for: whoever sends it to another origin must know it.
 * @throws {ServiceError} `secret_required`, or `validation_failed` for a secret there is not.
 */
export function checkSecretUses(
  next: { configuration: AgentConfiguration; secrets: SecretsChange },
  before: AgentConfiguration | null,
  stored: readonly string[],
): void {
  const names = namesAfter(stored, next.secrets);
  if (names.length > SECRETS_MAX)
    fail('validation_failed', [{ field: 'secrets', message: `must be at most ${SECRETS_MAX}` }]);
  const uses = secretUses(next.configuration.tools);
  const unknown = uses.filter(({ name }) => !names.includes(name));
  fail(
    'validation_failed',
    unknown.map(({ field, name }) => ({
      field,
      message: `{secret.${name}} is not among the secrets of the agent: send it in secrets`,
    })),
  );
  const known = before === null ? [] : secretUses(before.tools);
  const moved = uses.filter((use) => !Object.hasOwn(next.secrets, use.name) && !known.some(sameAs(use)));
  fail(
    'secret_required',
    moved.map(({ name, origin }) => ({
      field: `secrets.${name}`,
      message: `must be sent again: it would go to ${origin}, where it was not sent before`,
    })),
  );
}

/** The stored secrets after a change, each sealed by `seal`. */
export function changedSecrets(
  stored: Readonly<Record<string, string>>,
  change: SecretsChange,
  seal: (name: string, value: string) => string,
): Record<string, string> {
  const sealed = Object.entries(change).flatMap(([name, value]) =>
    value === null ? [] : [[name, seal(name, value)] as const],
  );
  const kept = Object.entries(stored).filter(([name]) => !Object.hasOwn(change, name));
  return Object.fromEntries([...kept, ...sealed]);
}

/** What a sealed secret is bound to, so that it cannot pass for another one. */
export const secretPlace = (agent_id: string, name: string): string => `${agent_id}/secrets/${name}`;

const namesAfter = (stored: readonly string[], change: SecretsChange): string[] =>
  [...new Set([...stored, ...Object.keys(change)])].filter((name) => change[name] !== null);

const sameAs =
  (use: SecretUse) =>
  ({ name, origin }: SecretUse): boolean =>
    name === use.name && origin === use.origin;

const nameProblem = (name: string): string | null =>
  SECRET_NAME_PATTERN.test(name)
    ? null
    : 'must be called by lower-case letters, digits and _, at most 64, a letter first';

function valueProblem(value: unknown): string | null {
  if (value === null) return null;
  return typeof value === 'string' ? secretProblem(value) : 'must be a text, or null to remove it';
}

/** What keeps a text from being kept as a secret; shorter ones could not be masked without giving them away. */
export function secretProblem(value: string): string | null {
  const bytes = Buffer.byteLength(value);
  if (bytes < SECRET_BYTES.min || bytes > SECRET_BYTES.max)
    return `must have ${SECRET_BYTES.min} to ${SECRET_BYTES.max} bytes`;
  return CONTROL.test(value) ? 'must hold no control characters, such as a line break at its end' : null;
}

function fail(code: 'validation_failed' | 'secret_required', errors: FieldError[]): void {
  const [first] = errors;
  if (first) throw new ServiceError(code, `${first.field}: ${first.message}`, { errors });
}
