import {
  aPublicAgent,
  type DockerClient,
  type DockerInstallation,
  PlainChat,
  startDockerInstallation,
} from '@roost/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client } from './use.containers';

describe.skipIf(!client)("a runner's image that is missing", () => {
  let docker: DockerInstallation | undefined;

  beforeAll(async () => {
    docker = await startDockerInstallation(client as DockerClient, 'roost/no-such-image:e2e');
  });
  afterAll(() => docker?.stop());

  it('is start_failed, naming the command that builds it; what was asked fails visibly', async () => {
    const { api, origin } = (docker as DockerInstallation).installation;
    const { id } = await api.createAgent(aPublicAgent());

    expect(await api.start(id)).toMatchObject({
      state: 'failed',
      reason: 'start_failed',
      detail: expect.stringContaining('docker compose build agent-runner-image'),
    });
    const chat = await PlainChat.open(origin, id);
    chat.say('hello?');
    await chat.error('agent_failed');
    await chat.close();
  });
});
