import { Pod } from 'kubernetes-models/v1/Pod';
import { randomUUID } from 'node:crypto';
import { restrictedViolations } from './pod-security';
import { ApiRefusal, type WirePod } from './pod.types';

/** Holds a body to the published OpenAPI schema, and to what the registry checks beyond it. @throws {ApiRefusal} */
export function admit(namespace: string, body: unknown): WirePod {
  validate(body);
  const given = body as WirePod;
  const { name, labels = {}, finalizers = [] } = given.metadata;
  for (const [key, value] of Object.entries(labels)) {
    if (!/^(([A-Za-z0-9][A-Za-z0-9_.-]{0,61})?[A-Za-z0-9])?$/.test(value)) {
      throw invalid(name, `metadata.labels: Invalid value: "${value}" of ${key}`);
    }
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) throw invalid(name, 'metadata.name: Invalid value');
  if (finalizers.some((one) => !/^[a-z0-9.-]+\/[A-Za-z0-9_.-]+$/.test(one))) {
    throw invalid(name, 'metadata.finalizers: name is not fully qualified');
  }
  const violations = restrictedViolations(given.spec);
  if (violations.length > 0) {
    const why = `violates PodSecurity "restricted:latest": ${violations.join(', ')}`;
    throw new ApiRefusal(403, 'Forbidden', `pods "${name}" is forbidden: ${why}`);
  }
  return {
    ...structuredClone(given),
    metadata: {
      ...structuredClone(given.metadata),
      namespace,
      uid: randomUUID(),
      creationTimestamp: new Date().toISOString(),
    },
    status: { phase: 'Pending' },
  };
}

/** @throws {ApiRefusal} 422, naming what is wrong */
export function validate(body: unknown): void {
  try {
    new Pod(body as ConstructorParameters<typeof Pod>[0]).validate();
  } catch (error) {
    throw invalid('', error instanceof Error ? error.message : String(error));
  }
}

/** What may be changed of a pod's spec: its deadline, and only to an earlier one. @throws {ApiRefusal} */
export function checkUpdate(before: WirePod, after: WirePod): void {
  validate(after);
  const { activeDeadlineSeconds: was, ...fixedBefore } = before.spec;
  const { activeDeadlineSeconds: becomes, ...fixedAfter } = after.spec;
  const { name } = before.metadata;
  if (JSON.stringify(fixedBefore) !== JSON.stringify(fixedAfter)) {
    throw invalid(name, 'spec: Forbidden: pod updates may not change fields other than …');
  }
  if (was !== undefined && (becomes === undefined || becomes > was)) {
    throw invalid(name, `spec.activeDeadlineSeconds: must be less than or equal to previous value`);
  }
  if (becomes !== undefined && (!Number.isInteger(becomes) || becomes < 1)) {
    throw invalid(name, 'spec.activeDeadlineSeconds: must be between 1 and 2147483647, inclusive');
  }
}

const invalid = (name: string, why: string): ApiRefusal =>
  new ApiRefusal(422, 'Invalid', `Pod "${name}" is invalid: ${why}`);
