import { INBOX_GROUP, instanceUser, internalPaths, keys } from '@roost/contracts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentFixture } from './test/agent.fixture';
import { RedisProcess } from './test/redis.process';

const run = promisify(execFile);

let redis: RedisProcess;
let agent: AgentFixture;
beforeAll(async () => {
  redis = await RedisProcess.start();
});
afterAll(() => redis.kill());
beforeEach(async () => {
  agent = await AgentFixture.create(redis.url);
});
afterEach(() => agent.destroy());

const admin = async (...command: string[]): Promise<string> =>
  (await run('redis-cli', ['-u', redis.url, ...command])).stdout;

/** A model that answers when it is told to. */
function heldModel(): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  agent.model.onMessage(/[\s\S]*/, () => released.then(() => ({ content: 'kept' })));
  return release;
}

/** Delivers an entry to a consumer that never hears of it. */
const DELIVER = `
redis.call('XADD', KEYS[1], '*', 'json', ARGV[1])
redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', 1, 'STREAMS', KEYS[1], '>')
`;

const modelAsked = () =>
  vi.waitFor(() => expect(agent.manager.requestsTo(internalPaths.checkpoints)).not.toEqual([]));

describe('while Redis is away', () => {
  it('a finished run keeps its report until it can be told', async () => {
    const release = heldModel();
    await agent.startRunner();
    const message = await agent.send('hi');
    await modelAsked();
    const users = (await admin('ACL', 'LIST'))
      .trim()
      .split('\n')
      .filter((user) => user.includes('roost-'));
    await redis.kill();
    release();
    await vi.waitFor(
      () => expect(agent.manager.requestsTo(`${internalPaths.checkpoints}/put`)).toHaveLength(1),
      { timeout: 5_000 },
    );
    await redis.restart(users);
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'kept' });
    expect(await agent.reportOn(await agent.send('and on'))).toMatchObject({ outcome: 'completed' });
    expect(agent.exits).not.toHaveBeenCalled();
  }, 20_000);
});

describe('after Redis was flushed', () => {
  it('the run under way is reported and the next message answered', async () => {
    const release = heldModel();
    await agent.startRunner();
    const message = await agent.send('hi');
    await modelAsked();
    await admin('FLUSHALL');
    release();
    expect(await agent.reportOn(message)).toMatchObject({ outcome: 'completed', content: 'kept' });
    expect(await agent.reportOn(await agent.send('and on'))).toMatchObject({ outcome: 'completed' });
  }, 20_000);
});

describe('a message whose delivery got lost with the connection', () => {
  it('is answered after the reconnect', async () => {
    heldModel()();
    await agent.startRunner();
    const { instance_id } = (await agent.messaging.heartbeats.read(agent.agent_id))!;
    const message = agent.entry('hi');
    await admin(
      ...['EVAL', DELIVER, '1', keys.inbox(agent.agent_id)],
      ...[JSON.stringify(message), INBOX_GROUP, instance_id],
    );
    await admin('CLIENT', 'KILL', 'USER', instanceUser(instance_id));
    expect(await agent.reportOn(message)).toMatchObject({ content: 'kept' });
  }, 20_000);
});
