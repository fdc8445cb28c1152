import {
  type CheckpointDeleteThread,
  type CheckpointFound,
  type CheckpointGet,
  type CheckpointList,
  type CheckpointPut,
  type CheckpointPutWrites,
  type CheckpointTuple,
  internalPaths,
} from '@roost/contracts';
import type { ManagerClient } from '../exchange/manager.client';

/** Milliseconds a run waits for its memory before it fails visibly. */
const CHECKPOINT_DEADLINE_MS = 2 * 60_000;

/** The manager's checkpoint store, one method an operation; every one is safe to repeat. */
export class CheckpointClient {
  constructor(
    private readonly manager: ManagerClient,
    private readonly deadline_ms = CHECKPOINT_DEADLINE_MS,
  ) {}

  get(body: CheckpointGet): Promise<CheckpointFound> {
    return this.post('get', body);
  }

  async list(body: CheckpointList): Promise<CheckpointTuple[]> {
    return (await this.post<{ tuples: CheckpointTuple[] }>('list', body)).tuples;
  }

  /** `deadline_ms` where less is to be waited than for what a run needs. */
  put(body: CheckpointPut, deadline_ms = this.deadline_ms): Promise<void> {
    return this.post('put', body, deadline_ms);
  }

  putWrites(body: CheckpointPutWrites, deadline_ms = this.deadline_ms): Promise<void> {
    return this.post('writes', body, deadline_ms);
  }

  deleteThread(body: CheckpointDeleteThread): Promise<void> {
    return this.post('delete-thread', body);
  }

  private post<Result>(operation: string, body: unknown, deadline_ms = this.deadline_ms): Promise<Result> {
    return this.manager.request<Result>({
      method: 'POST',
      path: `${internalPaths.checkpoints}/${operation}`,
      body,
      deadline_ms,
    });
  }
}
