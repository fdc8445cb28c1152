export { KEEP_ALIVE_MS } from './keep-alive';
export { asServiceError, problemBody, ProblemFilter } from './problem.filter';
export { requestId } from './request-id';
export { fieldErrors, validationFailed, validationPipe, validatorOptions } from './validation.pipe';
