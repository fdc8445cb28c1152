import {
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/client';
import type { GuardedFetch } from '@roost/guarded-http';

/** Milliseconds and attempts to go on with an answer whose stream broke, where a server offers that. */
const RECONNECTION = {
  initialReconnectionDelay: 500,
  maxReconnectionDelay: 5_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 3,
};

/** Streamable HTTP for one call: it keeps no stream open beside it, and tells when its answer can no longer come. */
export class CallTransport extends StreamableHTTPClientTransport {
  constructor(
    url: string,
    headers: Record<string, string>,
    fetch: GuardedFetch,
    private readonly onAnswerEnded: () => void,
  ) {
    const options: StreamableHTTPClientTransportOptions = {
      requestInit: { headers },
      fetch: withoutListening(fetch),
      reconnectionOptions: RECONNECTION,
    };
    super(new URL(url), options);
  }

  override send(
    message: JSONRPCMessage | JSONRPCMessage[],
    options: Parameters<StreamableHTTPClientTransport['send']>[1] = {},
  ): Promise<void> {
    const isCall = !Array.isArray(message) && 'method' in message && message.method === 'tools/call';
    // After the result it changes nothing; before, nothing more would come, and the library would wait on.
    return super.send(message, isCall ? { ...options, onRequestStreamEnd: this.onAnswerEnded } : options);
  }
}

/** No stream is kept open for what the server may say some day: it would outlive every deadline. */
const withoutListening =
  (fetch: GuardedFetch): GuardedFetch =>
  (url, init) =>
    init?.method === 'GET' && !new Headers(init.headers).has('last-event-id')
      ? Promise.resolve(new Response(null, { status: 405 }))
      : fetch(url, init);
