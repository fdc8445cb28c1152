import {
  type CheckpointDeleteThread,
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

  async get(body: CheckpointGet): Promise<CheckpointTuple | null> {
    return (await this.post<{ tuple: CheckpointTuple | null }>('get', body)).tuple;
  }

  async list(body: CheckpointList): Promise<CheckpointTuple[]> {
    return (await this.post<{ tuples: CheckpointTuple[] }>('list', body)).tuples;
  }

  put(body: CheckpointPut): Promise<void> {
    return this.post('put', body);
  }

  putWrites(body: CheckpointPutWrites): Promise<void> {
    return this.post('writes', body);
  }

  deleteThread(body: CheckpointDeleteThread): Promise<void> {
    return this.post('delete-thread', body);
  }

  private post<Result>(operation: string, body: unknown): Promise<Result> {
    return this.manager.request<Result>({
      method: 'POST',
      path: `${internalPaths.checkpoints}/${operation}`,
      body,
      deadline_ms: this.deadline_ms,
    });
  }
}
