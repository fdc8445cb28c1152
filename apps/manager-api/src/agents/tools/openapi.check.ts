import { type FieldError, type OpenapiTool, operationToolName, placeholdersIn } from '@roost/contracts';
import { DocumentError, readOperations, serverOf } from '@roost/openapi-document';
import { headersProblem, problem, sizeProblem } from './field.checks';
import { originOf } from './origin';

const DOCUMENT_BYTES_MAX = 256 * 1024;
const OPERATIONS_MAX = 64;
const OPERATION_ID_MAX = 200;

export function openapiProblems(tool: OpenapiTool): FieldError[] {
  const { document, url, operations, headers } = tool;
  const sources = [document, url].filter((source) => source !== null).length;
  const problems = [
    ...problem('document', sources === 1 ? null : 'must be given, or else url, but not both'),
    ...problem('document', document && sizeProblem(document, DOCUMENT_BYTES_MAX)),
    ...problem('operations', listProblem(operations)),
    ...problem('operations', sameNameProblem(tool)),
    ...problem('headers', headersProblem(headers) ?? argumentProblem(headers)),
  ];
  return problems.length > 0 || document === null ? problems : documentProblems(tool, document);
}

/** Where its requests go; null when only the document at `url` says so. */
export function openapiOrigin({ document, server_url }: OpenapiTool): string | null {
  if (server_url !== null) return originOf(server_url);
  try {
    return document && originOf(serverOf(document, null));
  } catch {
    return null;
  }
}

/** A document at a URL is read by the runner, which tells the model what is wrong with it. */
function documentProblems({ operations, server_url }: OpenapiTool, document: object): FieldError[] {
  try {
    if (server_url === null) serverOf(document, null);
    readOperations(document, operations, server_url !== null);
    return [];
  } catch (error) {
    if (error instanceof DocumentError) return [{ field: 'document', message: error.message }];
    throw error;
  }
}

function listProblem(operations: readonly string[]): string | null {
  if (operations.length === 0) return 'must name at least one operation';
  if (operations.length > OPERATIONS_MAX) return `must be at most ${OPERATIONS_MAX}`;
  return operations.some((id) => id.length === 0 || id.length > OPERATION_ID_MAX)
    ? `must have 1 to ${OPERATION_ID_MAX} characters each`
    : null;
}

function sameNameProblem({ name, operations }: OpenapiTool): string | null {
  const names = operations.map((id) => operationToolName(name, id));
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  return twice === undefined ? null : `two operations would be called ${twice}: choose a shorter name`;
}

function argumentProblem(headers: Record<string, string>): string | null {
  const [found] = placeholdersIn(headers).filter(({ source }) => source === 'argument');
  return found ? `${found.text}: the model fills no headers` : null;
}
