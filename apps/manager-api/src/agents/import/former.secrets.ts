import { SECRETS_MAX } from '@roost/contracts';
import { secretProblem } from '../agent-secrets';
import type { LeftOutList } from './left-out';

const SECRET_NAME = /auth|key|token|secret|cookie|pass|signature/i;
const NAME_MAX = 64;
/** Room for a number that tells names apart. */
const NUMBER_MAX = 4;

/** Credentials that stood in the open, taken out of what can be read. */
export class FormerSecrets {
  readonly values = new Map<string, string>();

  constructor(private readonly left_out: LeftOutList) {}

  /**
   * What stands in the place of a header or parameter: itself, or a placeholder where its name says that it is secret.
   * Null when it cannot be taken over.
   */
  take(tool: string, name: string, value: string, path: string): string | null {
    if (!SECRET_NAME.test(name) || value === '' || value.includes('{')) return value;
    const problem = secretProblem(value) ?? (this.values.size < SECRETS_MAX ? null : NO_ROOM);
    if (problem !== null) {
      this.left_out.add(path, `${name} cannot be kept as a secret, which ${problem}: set it anew`);
      return null;
    }
    const secret = this.named(`${tool}_${name}`, value);
    this.values.set(secret, value);
    this.left_out.add(path, `${name} became the secret ${secret}: it is not shown any more`);
    return `{secret.${secret}}`;
  }

  /** Two tools never share a name for different values: each goes to its own host. */
  private named(text: string, value: string): string {
    const wanted = text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replace(/^[^a-z]+/, '')
      .slice(0, NAME_MAX - NUMBER_MAX)
      .replace(/_+$/, '');
    const isTaken = (name: string): boolean => (this.values.get(name) ?? value) !== value;
    let name = wanted;
    for (let number = 2; isTaken(name); number += 1) name = `${wanted}_${number}`;
    return name;
  }
}

const NO_ROOM = `must be one of ${SECRETS_MAX} at most`;
