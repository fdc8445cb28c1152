import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** How far the engine gets with an answer before it hangs. */
export type Silence = 'accepts and says nothing' | 'sends headers and no body' | 'sends half a body';

/** An engine that hangs. */
export async function silentEngine(
  silence: Silence,
): Promise<{ docker_host: string; close: () => Promise<void> }> {
  const server: Server = createServer((_request, response) => {
    if (silence === 'accepts and says nothing') return;
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (silence === 'sends half a body') response.write('{"Id": ');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return {
    docker_host: `tcp://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
