import { randomUUID } from 'node:crypto';
import type { InstanceSpec } from '../launcher';
import { programEnv, type Program } from './instance-program';

/** An instance of its own for one test. */
export function specOf(program: Program, part: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    instance_id: `test_${randomUUID()}`,
    agent_id: 'agent_test_ab12',
    generation: 1,
    limits: { memory_mb: 128, cpus: 1, pids: 64 },
    env: programEnv(program),
    ...part,
  };
}
