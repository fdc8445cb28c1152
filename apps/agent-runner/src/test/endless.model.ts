import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** A model that never comes to an end, and sees its caller hang up. */
export class EndlessModel {
  /** Requests whose caller has hung up. */
  abandoned = 0;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const speaking = setInterval(() => speak(response), 20);
      response.on('close', () => {
        clearInterval(speaking);
        this.abandoned += 1;
      });
    });
  }

  static async start(): Promise<EndlessModel> {
    const model = new EndlessModel();
    model.server.listen(0, '127.0.0.1');
    await once(model.server, 'listening');
    return model;
  }

  get base_url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}/v1`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function speak(response: ServerResponse): void {
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'endless',
    choices: [{ index: 0, delta: { role: 'assistant', content: 'and so on ' }, finish_reason: null }],
  };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
