import { z } from 'zod';
import { CommandError, exitCodes } from './exit-codes';

const url = (protocol: RegExp) =>
  z.url({ protocol, error: `must be a URL, ${protocol.source.replace(/[\^$]/g, '')}://…` });
/** As compose files write what is not set. */
const unset = (value: unknown): unknown => (value === '' ? undefined : value);

const schema = z.object({
  ROOST_URL: z.preprocess(unset, url(/^https?$/).default('http://127.0.0.1:8000')),
  ROOST_API_KEY: z.preprocess(unset, z.string().optional()),
  DATABASE_URL: z.preprocess(
    unset,
    z
      .string()
      .transform((text) => text.replace(/^postgres(ql)?\+\w+:/, 'postgres:'))
      .pipe(url(/^postgres(ql)?$/))
      .optional(),
  ),
  REDIS_URL: z.preprocess(unset, url(/^rediss?$/).optional()),
  KNOWLEDGE_DIR: z.preprocess(unset, z.string().optional()),
  QDRANT_URL: z.preprocess(unset, url(/^https?$/).optional()),
  QDRANT_API_KEY: z.preprocess(unset, z.string().optional()),
  QDRANT_COLLECTION: z.preprocess(unset, z.string().default('roost')),
  OPENAI_BASE_URL: z.preprocess(unset, url(/^https?$/).default('https://api.openai.com/v1')),
  OPENAI_API_KEY: z.preprocess(unset, z.string().optional()),
  GATEWAY_URL: z.preprocess(unset, url(/^https?$/).optional()),
});

export type RoostctlConfig = z.infer<typeof schema>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment, and over it what the command line gave, by the same names.
 * @throws {CommandError} naming the variable.
 */
export function readConfig(env: Environment, flags: Environment = {}): RoostctlConfig {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const result = schema.safeParse({ ...env, ...given });
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new CommandError(`The environment does not fit:\n${problems.join('\n')}`, exitCodes.invalid);
}

/** What `${NAME}` in a document stands for, and what the flags stand before. */
export const environment = (): Environment => process.env;
