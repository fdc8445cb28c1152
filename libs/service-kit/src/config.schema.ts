import { z } from 'zod';

/** A variable is a zod schema over the environment's string, with `meta` for the README's table. */
export interface VariableMeta {
  description: string;
  /** Never logged. */
  secret?: boolean;
  /** Shown instead of the default where that depends on something. */
  default_text?: string;
}

type Shape = Record<string, z.ZodType>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Whole numbers within bounds. */
export const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
/** `true`, `1`, `yes` or their opposites; an empty value takes the default. */
export const flag = () => z.stringbool();
/** Host names, addresses and secrets: an empty value counts as absent. */
export const text = () => z.string().trim().min(1);
export const httpUrl = (error = 'must be an http:// or https:// URL') =>
  z.url({ protocol: /^https?$/, error });
/** `OTEL_EXPORTER_OTLP_ENDPOINT` of every app. */
export const otlpEndpoint = () =>
  httpUrl().optional().meta({
    description: 'Where traces are sent, as OTLP over HTTP: `http://collector:4318`',
    default_text: 'no traces',
  });

/**
 * Reads and validates the variables of `schema` from `env`; an empty one counts as absent.
 * @throws {ConfigError} naming each variable that does not fit, and never its value.
 */
export function loadConfig<Config extends Shape>(
  schema: z.ZodObject<Config>,
  env: Record<string, string | undefined>,
): z.infer<z.ZodObject<Config>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (env[name]?.trim() ? [[name, env[name]]] : [])),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    const found = Object.hasOwn(given, name) ? issue.message : 'is required';
    return `  ${name}: ${found} (${metaOf(schema.shape[name]).description})`;
  });
  throw new ConfigError(`The environment does not fit:\n${lines.join('\n')}`);
}

/** The effective configuration for the log, secrets replaced. */
export function redactConfig(schema: z.ZodObject, config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      metaOf(schema.shape[name] as z.ZodType | undefined).secret && value !== undefined
        ? '[redacted]'
        : withoutPassword(value),
    ]),
  );
}

/** One row a variable, for documentation. */
export function describeConfig(
  schema: z.ZodObject,
): { name: string; default: string; description: string }[] {
  return Object.entries(schema.shape).map(([name, variable]) => {
    const { description, default_text } = metaOf(variable as z.ZodType);
    return { name, default: default_text ?? fallback(variable as z.ZodType), description };
  });
}

function fallback(variable: z.ZodType): string {
  const parsed = variable.safeParse(undefined);
  if (!parsed.success) return 'required';
  return typeof parsed.data === 'string'
    ? parsed.data
    : JSON.stringify(parsed.data ?? '').replaceAll('"', '');
}

function metaOf(schema: z.ZodType | undefined): VariableMeta {
  const meta = schema?.meta() as VariableMeta | undefined;
  return meta ?? { description: '' };
}

function withoutPassword(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(\w+:\/\/[^:/@]*):[^@/]+@/, '$1:[redacted]@') : value;
}
