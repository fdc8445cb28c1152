import { asServiceError } from '@roost/service-kit/http';

/**
 * PostgreSQL (appendix A): lost connections, conflicts between transactions, a full disk or too many connections,
 * locks, an operator at work, a failing system, a standby that cannot be written to, and a plan that a migration has
 * made stale: it is made anew.
 */
const PASSING_SQLSTATE = /^(08|40|53|55|57|58)|^25006$|^0A000$/;
/** PostgreSQL: values that it cannot hold, and constraints. */
const LASTING_SQLSTATE = /^2[23]/;
/** Redis: loading, full, a replica, or busy. */
const PASSING_REPLY = /^(LOADING|OOM|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|MISCONF|NOREPLICAS)\b/;

/**
 * What becomes of a report whose commit failed so: it `passes` once a dependency is well again, it `never` will, or
 * that is `unclear`.
 */
export function outlookOf(error: unknown): 'passes' | 'never' | 'unclear' {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && PASSING_SQLSTATE.test(code)) return 'passes';
  if (typeof message === 'string' && PASSING_REPLY.test(message)) return 'passes';
  if (asServiceError(error).code === 'dependency_unavailable') return 'passes';
  return typeof code === 'string' && LASTING_SQLSTATE.test(code) ? 'never' : 'unclear';
}
