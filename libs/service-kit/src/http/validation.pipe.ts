import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldError, ServiceError } from '@roost/contracts';

/** How every body and query is read: unknown properties are refused, nothing is converted silently. */
export const validatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
} as const;

export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    ...validatorOptions,
    transform: true,
    exceptionFactory: (errors) => validationFailed(errors),
  });

export const validationFailed = (errors: ValidationError[]): ServiceError => {
  const fields = fieldErrors(errors);
  const first = fields[0];
  return new ServiceError('validation_failed', first ? `${first.field}: ${first.message}` : 'See errors.', {
    errors: fields,
  });
};

/** Each field that does not fit, by its dotted path. */
export function fieldErrors(errors: ValidationError[], path = ''): FieldError[] {
  return errors.flatMap((error) => {
    const field = path ? `${path}.${error.property}` : error.property;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
    return [...own, ...fieldErrors(error.children ?? [], field)];
  });
}
