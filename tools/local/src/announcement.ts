import type { StackState } from './stack.lock';

/** What a person needs to know once everything runs. */
export function announcement(
  state: Pick<StackState, 'manager_url' | 'api_key' | 'agent_id'>,
  realModel: boolean,
): string {
  return [
    '',
    'Roost is running.',
    '',
    `  API docs     ${state.manager_url}/docs`,
    `  API key      ${state.api_key}`,
    `  Demo agent   ${state.agent_id}`,
    `  Model        ${realModel ? 'the provider of OPENAI_API_KEY' : 'a demo that repeats what it hears; set OPENAI_API_KEY for a real one'}`,
    '',
    `  Talk to it   npm run chat -- ${state.agent_id}`,
    '  End it       Ctrl-C, or npm stop in another terminal',
    '  Logs         .roost/logs',
    '',
  ].join('\n');
}

/** For `npm run deps`: what to give to a manager that is run by hand. */
export function dependencies(env: NodeJS.ProcessEnv): string {
  const names = ['DATABASE_URL', 'REDIS_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'];
  return [
    '',
    'The servers are running; Ctrl-C or npm stop ends them.',
    '',
    ...names.filter((name) => env[name]).map((name) => `  export ${name}='${env[name] ?? ''}'`),
    '',
  ].join('\n');
}
