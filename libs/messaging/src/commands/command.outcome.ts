import { type CommandName, commands, isErrorCode, ServiceError } from '@roost/contracts';
import type { CommandOutcome } from './command.entry';

/** An error as the caller is told of it: a {@link ServiceError} as it is, of any other nothing but that there was one. */
export function refusal(error: unknown): CommandOutcome {
  if (!(error instanceof ServiceError)) {
    return {
      type: 'refused',
      code: 'internal_error',
      detail: 'The other service failed; its log says why.',
    };
  }
  return { type: 'refused', code: error.code, detail: error.detail, ...error.extras };
}

/** The answer, or the error thrown anew. What this release does not understand is `internal_error`. */
export function answerOf(pattern: CommandName, outcome: CommandOutcome): unknown {
  if (outcome.type === 'answered') {
    const answer = commands[pattern].answer.safeParse(outcome.answer);
    if (answer.success) return answer.data;
    throw new ServiceError(
      'internal_error',
      `The answer to ${pattern} does not fit: bring both services to one release.`,
    );
  }
  const { code, detail, errors, retry_after_s } = outcome;
  throw new ServiceError(isErrorCode(code) ? code : 'internal_error', detail, {
    ...(errors === undefined ? {} : { errors }),
    ...(retry_after_s === undefined ? {} : { retry_after_s }),
  });
}
