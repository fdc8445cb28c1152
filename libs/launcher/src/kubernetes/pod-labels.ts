import { createHash } from 'node:crypto';

/**
 * Names of labels and annotations on every pod. Annotations hold ids as they are; labels, for selecting, hold them
 * as far as a label can.
 */
export const MARK = {
  installation: 'roost.installation',
  instance_id: 'roost.instance_id',
  /** Absent from what was launched for the warm pool, as is the generation. */
  agent_id: 'roost.agent_id',
  generation: 'roost.generation',
} as const;

/** Keeps a deleted pod until its end has been seen; taken off by `remove`. */
export const FINALIZER = 'roost.internal/end-not-seen';

/** The one container of a pod. */
export const CONTAINER = 'runner';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** The value itself where it may be a label's (at most 63 of `[A-Za-z0-9_.-]`), else a digest of it. */
export const labelValue = (value: string): string =>
  LABEL_VALUE.test(value) ? value : createHash('sha256').update(value).digest('hex').slice(0, 40);

export const ofInstallation = (installation: string): string =>
  `${MARK.installation}=${labelValue(installation)}`;
