import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, requireFreePort } from './free.port';

it('a free port can be listened on', async () => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

it('a free port is none that an outgoing connection may take meanwhile', async () => {
  const [lowest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/).map(Number);
  expect(await freePort()).toBeLessThan(lowest ?? 0);
});

it('a taken port is refused in one line that names the variable to change', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(requireFreePort(port, 'MANAGER_PORT')).rejects.toThrow(
    `Port ${port} is in use: stop what listens there, or choose another with MANAGER_PORT=${port + 10}.`,
  );
  server.close();
});
