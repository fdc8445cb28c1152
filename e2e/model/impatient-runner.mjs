// The runner as it is shipped, but it waits two seconds for a silent model and no minute.
process.env['MODEL_STALL_SECONDS'] = '2';
await import('../../dist/apps/agent-runner/main.js');
