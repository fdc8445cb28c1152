import { Command, InvalidArgumentError, Option } from 'commander';
import { type RoostClient, roostClient } from './api/roost.client';
import { list, start, stop } from './commands/agents.commands';
import { apply, type ApplyOptions } from './commands/apply.command';
import { backup, restore } from './commands/backup.commands';
import { chat } from './commands/chat.command';
import { doctor } from './commands/doctor.command';
import { logs } from './commands/logs.command';
import { top } from './commands/top.command';
import { type Environment, readConfig, type RoostctlConfig } from './config';
import type { Terminal } from './terminal';

const EXIT_CODES = `
Exit codes: 0 done; 1 it did not succeed, or a check failed; 2 the command line, the environment or a document is wrong;
3 the credential is refused; 4 there is no such agent; 5 the service or the database does not answer; 130 interrupted.`;

/** The command line: what there is, and what each command is given. */
export function buildProgram(terminal: Terminal, env: Environment): Command {
  const program = new Command('roostctl')
    .description('Operates a Roost installation over its REST API.')
    .option('--url <url>', 'the service; else ROOST_URL, else http://127.0.0.1:8000')
    .option('--api-key <key>', 'an API key; better ROOST_API_KEY, which process lists do not show')
    .addHelpText('after', EXIT_CODES)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .exitOverride()
    .showHelpAfterError('(see --help)');
  const config = (flags: Environment = {}): RoostctlConfig => {
    const { url, apiKey } = program.opts<{ url?: string; apiKey?: string }>();
    return readConfig(env, { ROOST_URL: url, ROOST_API_KEY: apiKey, ...flags });
  };
  const client = (): RoostClient => {
    const { ROOST_URL, ROOST_API_KEY } = config();
    return roostClient(ROOST_URL, ROOST_API_KEY);
  };

  const agents = program.command('agents').description('declare and list agents');
  agents
    .command('apply')
    .description('make agents as YAML documents declare them; what a document does not say stays as it is')
    .requiredOption('-f, --file <path>', 'a file, a folder of .yaml files, or - for the standard input')
    .option('--dry-run', 'show what would change, and change nothing', false)
    .option('-y, --yes', 'do not ask', false)
    .option('--prune', 'delete agents that no document declares, with their threads', false)
    .option('--secrets', 'send secrets again that the service has already', false)
    .action((options: ApplyOptions) => apply(client(), terminal, env, options));
  agents
    .command('list')
    .description('list agents, newest first')
    .addOption(new Option('-o, --output <format>', 'how').choices(['table', 'json']).default('table'))
    .action(({ output }: { output: 'table' | 'json' }) => list(client(), terminal, output));
  program
    .command('logs <id>')
    .description("show the log of an agent's newest instance")
    .option('-f, --follow', 'go on until the instance ends or Ctrl-C', false)
    .option('-n, --tail <lines>', 'how many of the last lines', positive, 100)
    .action((id: string, options: { tail: number; follow: boolean }) =>
      logs(client(), terminal, id, options),
    );
  program
    .command('chat <id>')
    .description('talk to an agent')
    .option('-m, --message <text>', 'say this, show the answer, end')
    .option('--thread <thread_id>', 'go on with this thread')
    .action((id: string, options: { message?: string; thread?: string }) =>
      chat(client(), terminal, id, options),
    );
  program
    .command('start <id>')
    .description('start an agent')
    .option('--wait', 'until it runs or has failed, 2 minutes at most', false)
    .action((id: string, { wait }: { wait: boolean }) => start(client(), terminal, id, wait));
  program
    .command('stop <id>')
    .description('put an agent to sleep')
    .option('--force', 'kill it at once; messages under way fail visibly', false)
    .option('--wait', 'until it sleeps, 2 minutes at most', false)
    .action((id: string, options: { force: boolean; wait: boolean }) =>
      stop(client(), terminal, id, options),
    );
  program
    .command('top')
    .description('show agents with their state, their place in the queue of starts and what they used today')
    .option('--once', 'show it once and end', false)
    .option('--seconds <n>', 'between two looks', positive, 2)
    .action((options: { once: boolean; seconds: number }) => top(client(), terminal, options));
  const places = (command: Command): Command =>
    command
      .option('--database-url <url>', 'PostgreSQL; else DATABASE_URL')
      .option('--knowledge-dir <path>', "the manager's KNOWLEDGE_DIR; else KNOWLEDGE_DIR");
  const placed = ({ databaseUrl, knowledgeDir }: Places): RoostctlConfig =>
    config({ DATABASE_URL: databaseUrl, KNOWLEDGE_DIR: knowledgeDir });
  places(program.command('backup'))
    .description('write database and knowledge into a folder, while the service goes on')
    .requiredOption('--out <folder>', 'a new folder')
    .action((options: Places & { out: string }) => backup(placed(options), terminal, options.out));
  places(program.command('restore'))
    .description('fill an empty, migrated installation from a backup; stop its managers before')
    .requiredOption('--from <folder>', 'what backup wrote')
    .action((options: Places & { from: string }) => restore(placed(options), terminal, options.from));
  program
    .command('doctor')
    .description('check everything the installation stands on; each verdict comes with a hint')
    .option('--database-url <url>', 'PostgreSQL; else DATABASE_URL')
    .action(({ databaseUrl }: Places) => doctor(config({ DATABASE_URL: databaseUrl }), terminal));
  return program;
}

interface Places {
  databaseUrl?: string;
  knowledgeDir?: string;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1.');
  return value;
}
