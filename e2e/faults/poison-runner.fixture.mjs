// The runner as it is shipped, but one word in a prompt kills it, as a bug in native code would.
const { fetch } = globalThis;

globalThis.fetch = (input, init) => {
  if (typeof init?.body === 'string' && init.body.includes('POISON')) process.kill(process.pid, 'SIGKILL');
  return fetch(input, init);
};
await import('../../dist/apps/agent-runner/main.js');
