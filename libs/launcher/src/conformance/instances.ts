import { expect, onTestFinished, vi } from 'vitest';
import type { InstanceSpec, Launcher } from '../launcher';
import type { Program } from './instance-program';
import { specOf } from './instance-spec';

export const PATIENCE = { timeout: 15_000, interval: 25 };

/** Launches an instance that is removed when the test ends, whatever its outcome. */
export async function launched(
  launcher: Launcher,
  program: Program,
  part: Partial<InstanceSpec> = {},
): Promise<string> {
  const spec = specOf(program, part);
  onTestFinished(() => launcher.remove(spec.instance_id));
  await launcher.launch(spec);
  return spec.instance_id;
}

/** Waits until the instance is as described and returns it. */
export const until = (launcher: Launcher, instance_id: string, expected: object): Promise<void> =>
  vi.waitFor(async () => expect(await launcher.inspect(instance_id)).toMatchObject(expected), PATIENCE);

/** Everything that is still to come. */
export async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of lines) seen.push(line);
  return seen;
}

/** Waits until the instance wrote `line`. */
export const untilLogged = (launcher: Launcher, instance_id: string, line: string): Promise<void> =>
  vi.waitFor(async () => expect(await launcher.logs(instance_id, 1000)).toContain(line), PATIENCE);
