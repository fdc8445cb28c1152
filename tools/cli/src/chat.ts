import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { OutboundFrame } from '@roost/contracts';
import { WebSocket } from 'ws';
import { ChatView } from './chat.session';
import { readConfig } from './config';

const USAGE =
  'usage: npm run chat -- <agent_id> [--thread <thread_id>]   (ROOST_URL and ROOST_API_KEY for another service)';
const RECONNECT_MS = [500, 1_000, 2_000, 4_000, 8_000];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { thread: { type: 'string' } },
});
const [agent_id] = positionals;
if (agent_id === undefined) {
  console.error(USAGE);
  process.exit(2);
}

const config = readConfig();
const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
const view = new ChatView((text) => process.stdout.write(text));
let thread_id = values.thread;
let last_event_id: string | null = null;
let attempt = 0;
let leaving = false;
let socket = connect(agent_id);

console.log(
  `Talking to ${agent_id} at ${config.manager_url}. Ctrl-C stops an answer; Ctrl-D ends the chat, not the agent.`,
);
terminal.on('line', (line) => {
  if (line.trim() === '') return terminal.prompt();
  if (socket.readyState === WebSocket.CONNECTING) {
    socket.once('open', () => say(line));
    return;
  }
  if (socket.readyState !== WebSocket.OPEN) return console.log('! not connected; try again in a moment');
  say(line);
});
// While the agent answers the first one stops that; the next one, or one at the prompt, ends the chat.
let stopping = false;
terminal.on('SIGINT', () => {
  if (!view.answering || stopping || socket.readyState !== WebSocket.OPEN) return terminal.close();
  stopping = true;
  socket.send(JSON.stringify({ type: 'cancel' }));
});
terminal.on('close', () => {
  leaving = true;
  socket.close();
});

const say = (content: string): void => {
  view.said();
  stopping = false;
  socket.send(JSON.stringify({ type: 'message', content, client_message_id: crypto.randomUUID() }));
};

/** Comes back where it was: what was missed is shown, and nothing twice. */
function connect(id: string): WebSocket {
  const url = new URL(`/ws/agents/${id}`, config.manager_url.replace(/^http/, 'ws'));
  url.searchParams.set('stream', 'tokens');
  if (thread_id !== undefined) url.searchParams.set('thread_id', thread_id);
  if (last_event_id !== null) url.searchParams.set('last_event_id', last_event_id);
  const opened = new WebSocket(url, {
    headers: config.api_key === null ? {} : { authorization: `Bearer ${config.api_key}` },
  });
  opened.on('open', () => {
    attempt = 0;
    terminal.prompt();
  });
  opened.on('message', (data: Buffer) => {
    const frame = OutboundFrame.parse(JSON.parse(data.toString('utf8')));
    thread_id = frame.thread_id ?? thread_id;
    last_event_id = frame.event_id ?? last_event_id;
    view.show(frame);
    if (frame.type === 'message' || frame.type === 'error') {
      stopping = false;
      terminal.prompt();
    }
  });
  opened.on('error', (error) => {
    if (!leaving) console.error(`! ${error.message}`);
  });
  opened.on('close', (code, reason) => closed(id, code, reason.toString()));
  return opened;
}

function closed(id: string, code: number, reason: string): void {
  const final = [4401, 4404, 4429].includes(code);
  if (leaving || final || attempt >= RECONNECT_MS.length) {
    if (!leaving)
      console.error(
        final
          ? `! closed (${code} ${reason})`
          : `! ${config.manager_url} does not answer; is it running? npm start, or set ROOST_URL`,
      );
    terminal.close();
    process.exit(leaving ? 0 : 1);
  }
  const wait = (RECONNECT_MS[attempt] ?? 0) * (0.5 + Math.random());
  attempt += 1;
  setTimeout(() => (socket = connect(id)), wait);
}
