import { Ajv2020 } from 'ajv/dist/2020.js';
import { ToolArgumentError } from './tool';

/** Holds a call to the schema that the model was shown. */
export type CheckArguments = (args: unknown) => Record<string, unknown>;

/** @throws {Error} when the schema cannot be used, for example for a pattern that is no regular expression. */
export function argumentsCheck(schema: object): CheckArguments {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  const fits = ajv.compile<Record<string, unknown>>(schema);
  return (args) => {
    if (fits(args)) return args;
    throw new ToolArgumentError(ajv.errorsText(fits.errors, { dataVar: 'arguments' }));
  };
}
