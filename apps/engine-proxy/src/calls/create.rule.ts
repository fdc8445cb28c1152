import { z } from 'zod';
import { Refusal } from './refusal';

export interface CreateLimits {
  images: readonly string[];
  network: string;
  installation: string;
  memory_bytes: number;
  nano_cpus: number;
  pids: number;
}

const MIB = 1_048_576;
const LABEL = /^roost\.(installation|instance_id|agent_id|generation)$/;
const TMPFS = /^rw,noexec,nosuid,nodev,size=\d{1,4}m,mode=1777$/;

const oneOf = (allowed: readonly string[]) =>
  z.string().refine((value) => allowed.includes(value), { error: `must be ${allowed.join(' or ')}` });
const exactly = <Value extends string | boolean>(value: Value) =>
  z.literal(value, { error: `must be ${JSON.stringify(value)}` });
const upTo = (most: number) =>
  z
    .int()
    .min(1, { error: 'must be set' })
    .max(most, { error: `must be at most ${most}` });

/**
 * What a container of the installation may be made of: the body that the launcher builds, with its own values where
 * they matter for the host, and no field besides. What the engine learns to take later is refused until it is named here.
 */
export function createRule(limits: CreateLimits) {
  const hostConfig = z.strictObject({
    NetworkMode: exactly(limits.network),
    CapDrop: z.tuple([exactly('ALL')], { error: 'must be ["ALL"]' }),
    SecurityOpt: z.tuple([exactly('no-new-privileges:true')], {
      error: 'must be ["no-new-privileges:true"]',
    }),
    ReadonlyRootfs: exactly(true),
    Tmpfs: z.strictObject({ '/tmp': z.string().regex(TMPFS, { error: 'must not be executable' }) }),
    Memory: upTo(limits.memory_bytes),
    MemorySwap: upTo(limits.memory_bytes),
    NanoCpus: upTo(limits.nano_cpus),
    PidsLimit: upTo(limits.pids),
    IpcMode: exactly('none'),
    CgroupnsMode: exactly('private'),
    Init: exactly(true),
    RestartPolicy: z.strictObject({ Name: exactly('no') }),
    LogConfig: z.strictObject({
      Type: exactly('json-file'),
      Config: z.strictObject({
        'max-size': z.string().regex(/^\d{1,4}m$/),
        'max-file': z.string().regex(/^\d{1,2}$/),
      }),
    }),
  });
  return z.strictObject({
    Image: oneOf(limits.images),
    Hostname: z.string().regex(/^[a-z0-9-]{1,63}$/),
    User: exactly('1000:1000'),
    Env: z.array(z.string().max(65_536)).max(200),
    Labels: z
      .record(z.string().regex(LABEL, { error: 'is no label of the launcher' }), z.string().max(256))
      .refine((labels) => labels['roost.installation'] === limits.installation, {
        error: `must hold roost.installation=${limits.installation}`,
      }),
    StopSignal: exactly('SIGTERM'),
    HostConfig: hostConfig,
  });
}

export const limitsInBytes = (memory_mb: number): number => memory_mb * MIB;

/**
 * What is handed to the engine in place of what came: written anew from what was understood, so that the engine cannot
 * understand another thing.
 * @throws {Refusal} naming the first field that is wrong.
 */
export function checkedBody(rule: ReturnType<typeof createRule>, body: Buffer): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refusal('the body of "create container" is no JSON', 400);
  }
  const found = rule.safeParse(value);
  if (found.success) return Buffer.from(JSON.stringify(found.data));
  const [issue] = found.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknown.slice(0, 1)].join('.') || 'the body';
  throw new Refusal(
    `a container with this ${field} is not one of Roost's: ${unknown.length > 0 ? 'the launcher never sets it' : (issue?.message ?? 'it is wrong')}`,
  );
}
