import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/**
 * Hands errors of handlers to the transport as they are. Without it Nest makes "Internal server error" of all of
 * them, a `ServiceError` among them. {@link HandlesCommand} brings it along.
 */
@Catch()
export class CommandErrorFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
