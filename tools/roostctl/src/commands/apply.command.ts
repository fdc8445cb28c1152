import type { RoostClient } from '../api/roost.client';
import { answered, everyAgent } from '../api/roost.client';
import type { paths } from '../api/api.types';
import { declarationReader } from '../apply/configuration.schema';
import { parseDocuments, readSources } from '../apply/declarations';
import { describe, patchOf } from '../apply/differences';
import { planOf, type Step } from '../apply/plan';
import { resolveReferences, revealed } from '../apply/references';
import type { Environment } from '../config';
import { CommandError, exitCodes } from '../exit-codes';
import type { Terminal } from '../terminal';

export interface ApplyOptions {
  file: string;
  dryRun: boolean;
  yes: boolean;
  prune: boolean;
  secrets: boolean;
}

type Created = paths['/agents']['post']['requestBody']['content']['application/json'];
type Patched = paths['/agents/{agent_id}']['patch']['requestBody']['content']['application/json'];

/** Makes the agents as documents declare them, and says beforehand what that changes. */
export async function apply(
  client: RoostClient,
  terminal: Terminal,
  env: Environment,
  options: ApplyOptions,
): Promise<void> {
  const read = await declarationReader();
  const sources = await readSources(options.file, () => terminal.input());
  const declarations = sources
    .flatMap(({ file, text }) => parseDocuments(file, text))
    .map(({ place, fields }) => read(place, resolveReferences(place, fields, env)));
  if (declarations.length === 0)
    throw new CommandError(`${options.file} declares no agent.`, exitCodes.invalid);

  const steps = planOf(declarations, await everyAgent(client), options);
  for (const step of steps) terminal.out(summaryOf(step));
  const changes = steps.filter(({ kind }) => kind !== 'keep');
  if (changes.length === 0) return terminal.out('Nothing to change.\n');
  if (options.dryRun) return terminal.out(`${changes.length} to change; nothing was done (--dry-run).\n`);
  if (!options.yes) await confirm(terminal, changes.length);
  for (const step of changes) terminal.out(await carryOut(client, step));
}

async function confirm(terminal: Terminal, changes: number): Promise<void> {
  if (!terminal.interactive)
    throw new CommandError('Nobody can be asked here: add --yes, or --dry-run.', exitCodes.invalid);
  const answer = await terminal.ask(`Change ${changes} agent${changes === 1 ? '' : 's'}? [y/N] `);
  if (!/^y(es)?$/i.test(answer ?? '')) throw new CommandError('Nothing was done.', exitCodes.interrupted);
}

async function carryOut(client: RoostClient, step: Step): Promise<string> {
  switch (step.kind) {
    case 'keep':
      return '';
    case 'create': {
      const body = revealed(step.declaration.configuration) as Created;
      return `created ${answered(await placed(step.declaration.place, client.POST('/agents', { body }))).id}\n`;
    }
    case 'change': {
      const { agent, declaration, found } = step;
      const body = revealed(patchOf(declaration.configuration, found)) as Patched;
      const params = { path: { agent_id: agent.id }, header: { 'If-Match': `"${agent.version}"` } };
      const changed = answered(
        await placed(declaration.place, client.PATCH('/agents/{agent_id}', { params, body })),
      );
      return `changed ${changed.id}, now version ${changed.version}\n`;
    }
    case 'delete':
      await client.DELETE('/agents/{agent_id}', { params: { path: { agent_id: step.agent.id } } });
      return `deleted ${step.agent.id}\n`;
  }
}

/** Says which document the service refused. */
async function placed<T>(place: string, request: Promise<T>): Promise<T> {
  return request.catch((error: unknown) => {
    if (error instanceof CommandError) throw new CommandError(`${place}: ${error.message}`, error.exit_code);
    throw error;
  });
}

function summaryOf(step: Step): string {
  switch (step.kind) {
    case 'keep':
      return `= ${step.agent.id} (${step.declaration.title})\n`;
    case 'create':
      return `+ ${step.declaration.title}\n${step.found.map((one) => `${describe(one)}\n`).join('')}`;
    case 'change':
      return `~ ${step.agent.id} (${step.declaration.title})\n${step.found.map((one) => `${describe(one)}\n`).join('')}`;
    case 'delete':
      return `- ${step.agent.id} (${step.agent.name}), with its threads\n`;
  }
}
