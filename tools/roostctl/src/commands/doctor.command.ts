import type { RoostctlConfig } from '../config';
import { type Check, failed, type Verdict } from '../doctor/check';
import { databaseChecks } from '../doctor/database.check';
import { modelChecks } from '../doctor/model.check';
import { redisChecks } from '../doctor/redis.check';
import { serviceChecks } from '../doctor/service.checks';
import { CommandError } from '../exit-codes';
import { table } from '../table';
import type { Terminal } from '../terminal';

/** Looks at everything an installation stands on. @throws {CommandError} when a check failed. */
export async function doctor(config: RoostctlConfig, terminal: Terminal): Promise<void> {
  const checks = [
    ...serviceChecks(config),
    ...databaseChecks(config),
    ...redisChecks(config),
    ...modelChecks(config),
  ];
  const verdicts = await Promise.all(checks.map(verdictOf));
  terminal.out(
    table(checks.map(({ name }, at) => [verdicts[at]?.verdict ?? '', name, verdicts[at]?.hint ?? ''])),
  );
  const count = verdicts.filter(({ verdict }) => verdict === 'failed').length;
  if (count > 0) throw new CommandError(`${count} of ${checks.length} checks failed.`);
}

const verdictOf = ({ run }: Check): Promise<Verdict> =>
  run().catch((error: unknown) => failed(error instanceof Error ? error.message : String(error)));
