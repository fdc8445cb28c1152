import type { ExchangeResponse } from '@roost/contracts';
import { ConfigError, flag, httpUrl, text } from '@roost/service-kit';
import { z } from 'zod';

/** What the manager's environment says about traces in LangSmith, by the names that LangSmith gives its variables. */
export const langSmithVariables = {
  LANGSMITH_TRACING: flag().default(false).meta({
    description: 'Runners send what agents are told, do and answer to LangSmith: texts of users, too',
  }),
  LANGSMITH_API_KEY: text().optional().meta({
    description: 'Key for `LANGSMITH_ENDPOINT`; needed for `LANGSMITH_TRACING`',
    secret: true,
  }),
  LANGSMITH_ENDPOINT: httpUrl()
    .default('https://api.smith.langchain.com')
    .meta({ description: 'Where LangSmith is, as runners reach it' }),
  LANGSMITH_PROJECT: text().optional().meta({
    description: 'The project in LangSmith; unless told `LANGCHAIN_PROJECT`, else `default`',
  }),
  LANGCHAIN_PROJECT: text().optional().meta({ description: 'The former name of `LANGSMITH_PROJECT`' }),
  LANGSMITH_HIDE_INPUTS: flag().default(false).meta({
    description: 'Leave out the inputs of runs, steps and models; outputs of steps repeat them: hide both',
  }),
  LANGSMITH_HIDE_OUTPUTS: flag()
    .default(false)
    .meta({ description: 'Leave out their outputs; the next input repeats them: hide both' }),
};

type LangSmithConfig = z.infer<z.ZodObject<typeof langSmithVariables>>;

/** @throws {ConfigError} */
export function checkLangSmith({ LANGSMITH_TRACING, LANGSMITH_API_KEY }: LangSmithConfig): void {
  if (LANGSMITH_TRACING && LANGSMITH_API_KEY === undefined)
    throw new ConfigError('LANGSMITH_TRACING needs LANGSMITH_API_KEY: set it, or leave both out.');
}

export const langSmithOf = (config: LangSmithConfig): Pick<ExchangeResponse, 'langsmith'> =>
  config.LANGSMITH_TRACING && config.LANGSMITH_API_KEY !== undefined
    ? {
        langsmith: {
          endpoint: config.LANGSMITH_ENDPOINT,
          api_key: config.LANGSMITH_API_KEY,
          project: config.LANGSMITH_PROJECT ?? config.LANGCHAIN_PROJECT ?? 'default',
          hide_inputs: config.LANGSMITH_HIDE_INPUTS,
          hide_outputs: config.LANGSMITH_HIDE_OUTPUTS,
        },
      }
    : {};
