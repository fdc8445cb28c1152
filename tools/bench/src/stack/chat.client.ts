import { io, type Socket } from 'socket.io-client';
import { type Pace, question, REPLY, type Timing } from '../workload';

const ANSWER_DEADLINE_MS = 60_000;

export interface ChatTiming extends Timing {
  /** Milliseconds from the question to its acknowledgement: it is committed. */
  accepted_ms: number;
}

interface Acknowledgement {
  message_id?: string;
  error?: { code: string; detail: string };
}

/** One thread over one Socket.IO connection, as any client would have it. */
export class ChatClient {
  private constructor(private readonly socket: Socket) {}

  static async connect(url: string, agent_id: string, key: string): Promise<ChatClient> {
    const socket = io(`${url}/agents`, {
      transports: ['websocket'],
      auth: { agent_id, key },
      forceNew: true,
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      // The first status frame says that the manager has admitted the client.
      socket.once('status', () => resolve());
      socket.once('connect_error', reject);
      socket.once('close', ({ reason }: { reason: string }) => reject(new Error(reason)));
    });
    return new ChatClient(socket);
  }

  /** Asks one question and waits for its final reply. */
  ask(pace: Pace, index: number): Promise<ChatTiming> {
    const { socket } = this;
    let first_ms: number | null = null;
    let accepted_ms: number | null = null;
    let whole_ms: number | null = null;
    return new Promise<ChatTiming>((resolve, reject) => {
      const timer = setTimeout(
        () => end(new Error(`no answer in ${ANSWER_DEADLINE_MS} ms`)),
        ANSWER_DEADLINE_MS,
      );
      const end = (error?: Error) => {
        if (!error && (whole_ms === null || accepted_ms === null)) return;
        clearTimeout(timer);
        socket.off();
        if (error || first_ms === null || whole_ms === null || accepted_ms === null) {
          reject(error ?? new Error('a reply without tokens'));
        } else resolve({ first_ms, whole_ms, accepted_ms });
      };
      const asked = performance.now();
      socket.on('token', () => (first_ms ??= performance.now() - asked));
      socket.on('message', ({ content }: { content: string }) => {
        whole_ms = performance.now() - asked;
        end(content === REPLY ? undefined : new Error(`the reply is not the stub's: ${content}`));
      });
      socket.on('error', ({ code, content }: { code: string; content: string }) =>
        end(new Error(`${code}: ${content}`)),
      );
      socket.on('disconnect', (reason) => end(new Error(`disconnected: ${reason}`)));
      socket.emit('message', { content: question(pace, index) }, ({ error }: Acknowledgement) => {
        accepted_ms = performance.now() - asked;
        end(error && new Error(`${error.code}: ${error.detail}`));
      });
    });
  }

  close(): void {
    this.socket.disconnect();
  }
}
