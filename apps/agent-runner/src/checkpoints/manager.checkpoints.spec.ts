import type { ExchangeResponse } from '@roost/contracts';
import { internalPaths } from '@roost/contracts';
import { aPublicAgent, type Installation, startInstallation } from '@roost/testing';
import * as vitest from 'vitest';
import { afterAll, beforeAll } from 'vitest';
import { ManagerClient } from '../exchange/manager.client';
import { CheckpointClient } from './checkpoint.client';
import { HttpCheckpointSaver } from './http-checkpoint.saver';

// LangGraph's suite expects its test functions to be global.
Object.assign(globalThis, vitest);
const { validate } = await import('@langchain/langgraph-checkpoint-validation');

let installation: Installation;
beforeAll(async () => {
  installation = await startInstallation();
});
afterAll(() => installation.stop());

/** Each one belongs to an agent of its own, as another runner's would. */
validate({
  checkpointerName: "HttpCheckpointSaver on the manager's own store",
  async createCheckpointer() {
    const { internalOrigin, api } = installation.manager;
    const { id } = await api.createAgent(aPublicAgent());
    const key = installation.environment['BOOTSTRAP_API_KEY'] ?? '';
    const post = <Answer>(path: string, body: object) =>
      new ManagerClient(`${internalOrigin}/agents/${id}/config`, key).request<Answer>({
        method: 'POST',
        path,
        body,
        deadline_ms: 10_000,
      });
    const granted = await post<{ instance_id: string; code: string }>('/internal/instances', {
      agent_id: id,
    });
    const { token } = await post<ExchangeResponse>(internalPaths.exchange, {
      agent_id: id,
      instance_id: granted.instance_id,
      code: granted.code,
    });
    const client = new CheckpointClient(new ManagerClient(`${internalOrigin}/agents/${id}/config`, token));
    return new HttpCheckpointSaver(client, { threads_cached: 0 });
  },
});
