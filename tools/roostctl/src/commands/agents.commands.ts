import { setTimeout as pause } from 'node:timers/promises';
import { type AgentStatus, answered, everyAgent, type RoostClient } from '../api/roost.client';
import { CommandError } from '../exit-codes';
import { table } from '../table';
import type { Terminal } from '../terminal';

const LOOK_MS = 250;
const STOP_WAIT_MS = 120_000;
const START_WAIT_S = 120;

export async function list(client: RoostClient, terminal: Terminal, output: 'table' | 'json'): Promise<void> {
  const agents = await everyAgent(client);
  if (output === 'json') return terminal.out(`${JSON.stringify(agents, null, 2)}\n`);
  const rows = agents.map(({ id, name, status, version, model }) => [
    id,
    name,
    status.state,
    String(version),
    model.name,
  ]);
  terminal.out(table([['ID', 'NAME', 'STATE', 'VERSION', 'MODEL'], ...rows]));
}

export async function start(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  wait: boolean,
): Promise<void> {
  const params = { path: { agent_id: id }, query: { wait: wait ? START_WAIT_S : 0 } };
  const status = answered(await client.POST('/agents/{agent_id}/start', { params }));
  told(terminal, status);
  if (status.state === 'failed' || (wait && status.state !== 'running'))
    throw new CommandError(whyNot(status));
}

export async function stop(
  client: RoostClient,
  terminal: Terminal,
  id: string,
  options: { force: boolean; wait: boolean },
): Promise<void> {
  const path = { agent_id: id };
  let status = answered(
    await client.POST('/agents/{agent_id}/stop', { params: { path, query: { force: options.force } } }),
  );
  const deadline = performance.now() + STOP_WAIT_MS;
  while (options.wait && status.state === 'stopping') {
    if (performance.now() > deadline)
      throw new CommandError(`${id} is still stopping; look with: roostctl agents list`);
    await pause(LOOK_MS, undefined, { signal: terminal.signal }).catch(() => undefined);
    if (terminal.signal.aborted) return;
    status = answered(await client.GET('/agents/{agent_id}/status', { params: { path } }));
  }
  told(terminal, status);
  if (options.wait && !['stopped', 'failed'].includes(status.state))
    throw new CommandError(`${id} is ${status.state} again: somebody, or a message, has started it.`);
}

const told = (terminal: Terminal, { agent_id, state }: AgentStatus): void =>
  terminal.out(`${agent_id}: ${state}\n`);

const whyNot = ({ agent_id, state, detail }: AgentStatus): string =>
  `${agent_id} is ${state}${detail ? `: ${detail}` : ''}; see: roostctl logs ${agent_id}`;
