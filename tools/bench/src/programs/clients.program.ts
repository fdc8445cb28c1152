import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { question } from '../workload';
import { serve } from './serve';

export type SocketKind = 'plain' | 'Socket.IO';

/** Connections made side by side. */
const AT_ONCE = 50;
const ANSWER_DEADLINE_MS = 60_000;

interface Client {
  /** Milliseconds from a message to its reply. */
  ask(index: number): Promise<number>;
  close(): void;
}

let clients: Client[] = [];

async function plain(url: string, agent_id: string, key: string): Promise<Client> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/agents/${agent_id}`, {
    headers: { authorization: `Bearer ${key}` },
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    // The first frame says that the server has admitted the client.
    socket.once('message', () => resolve());
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)));
  });
  return {
    ask: (index) =>
      timed((settle) => {
        socket.on('message', (data: Buffer) => {
          const frame = JSON.parse(data.toString('utf8')) as { type: string; content: string };
          if (frame.type === 'message') settle();
          if (frame.type === 'error') settle(new Error(frame.content));
        });
        socket.send(JSON.stringify({ type: 'message', content: question(0, index) }));
      }).finally(() => socket.removeAllListeners('message')),
    close: () => socket.terminate(),
  };
}

async function socketIo(url: string, agent_id: string, key: string): Promise<Client> {
  const socket: Socket = io(`${url}/agents`, {
    transports: ['websocket'],
    auth: { agent_id, key },
    forceNew: true,
    reconnection: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('status', () => resolve());
    socket.once('connect_error', reject);
    socket.once('disconnect', (reason) => reject(new Error(reason)));
  });
  return {
    ask: (index) =>
      timed((settle) => {
        socket.once('message', () => settle());
        socket.once('error', ({ content }: { content: string }) => settle(new Error(content)));
        socket.emit('message', { content: question(0, index) });
      }).finally(() => socket.off('message').off('error')),
    close: () => socket.disconnect(),
  };
}

function timed(work: (settle: (error?: Error) => void) => void): Promise<number> {
  const begun = performance.now();
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no reply')), ANSWER_DEADLINE_MS);
    work((error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(performance.now() - begun);
    });
  });
}

/** The clients of one server, all in this process. */
serve({
  open: async (kind: SocketKind, url: string, agent_id: string, key: string, count: number) => {
    const connect = kind === 'plain' ? plain : socketIo;
    while (clients.length < count) {
      const wanted = Math.min(AT_ONCE, count - clients.length);
      clients.push(...(await Promise.all(Array.from({ length: wanted }, () => connect(url, agent_id, key)))));
    }
  },
  /** One message to each of so many, spread over all; one after the other. */
  ask: async (count: number) => {
    const step = Math.max(1, Math.floor(clients.length / count));
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const client = clients[index * step];
      if (client) times.push(await client.ask(index));
    }
    return times;
  },
  close: () => {
    for (const client of clients) client.close();
    clients = [];
  },
});
