import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { backUpQdrant, type QdrantPlace, restoreQdrant } from './qdrant.snapshot';

const SNAPSHOT = Buffer.from('what the collection holds');

/** Answers as Qdrant's description of its snapshots says. */
async function snapshots(failures: Record<string, number> = {}): Promise<{
  place: QdrantPlace;
  heard: string[];
  uploads: Buffer[];
  file: string;
}> {
  const heard: string[] = [];
  const uploads: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const asked = `${request.method} ${request.url}`;
      heard.push(asked);
      if (request.headers['api-key'] !== 'a key') return response.writeHead(401).end('no key');
      const failure = failures[asked];
      if (failure !== undefined) return response.writeHead(failure).end('it does not work');
      if (request.url?.includes('/upload')) uploads.push(body);
      if (asked === 'GET /collections/roost/snapshots/one.snapshot') return response.end(SNAPSHOT);
      return response.end(JSON.stringify({ result: { name: 'one.snapshot' }, status: 'ok' }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'qdrant-snapshot-'));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    place: { url, api_key: 'a key', collection: 'roost' },
    heard,
    uploads,
    file: join(folder, 'file'),
  };
}

it('a snapshot is made, fetched and deleted, and uploaded to restore it', async () => {
  const { place, heard, uploads, file } = await snapshots();
  await backUpQdrant(place, file);
  expect(await readFile(file)).toEqual(SNAPSHOT);
  expect(heard).toEqual([
    'POST /collections/roost/snapshots',
    'GET /collections/roost/snapshots/one.snapshot',
    'DELETE /collections/roost/snapshots/one.snapshot',
  ]);
  await restoreQdrant(place, file);
  expect(heard.at(-1)).toBe('POST /collections/roost/snapshots/upload?priority=snapshot&wait=true');
  expect(uploads[0]?.includes(SNAPSHOT)).toBe(true);
});

it('a refusal is told with what Qdrant said', async () => {
  const { place, file } = await snapshots();
  await expect(backUpQdrant({ ...place, api_key: undefined }, file)).rejects.toThrow(
    'Qdrant answered 401 to POST /snapshots: no key',
  );
});

it('a collection that is not there yet has no snapshot, and that is no failure', async () => {
  const { place, heard, file } = await snapshots({ 'POST /collections/roost/snapshots': 404 });
  expect(await backUpQdrant(place, file)).toBe(false);
  expect(heard).toEqual(['POST /collections/roost/snapshots']);
});

it('what failed first is told, whatever becomes of the snapshot', async () => {
  const snapshot = '/collections/roost/snapshots/one.snapshot';
  const { place, heard, file } = await snapshots({ [`GET ${snapshot}`]: 404, [`DELETE ${snapshot}`]: 500 });
  await expect(backUpQdrant(place, file)).rejects.toThrow(
    'Qdrant answered 404 to GET /snapshots/one.snapshot',
  );
  expect(heard.at(-1)).toBe(`DELETE ${snapshot}`);
});
