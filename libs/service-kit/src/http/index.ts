export { asServiceError, problemBody, ProblemFilter } from './problem.filter';
export { requestId } from './request-id';
export { fieldErrors, validationFailed, validationPipe, validatorOptions } from './validation.pipe';
