import { createWriteStream, openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CommandError, exitCodes } from '../exit-codes';

const REQUEST_MS = 600_000;
const Created = z.object({ result: z.object({ name: z.string() }) });

export interface QdrantPlace {
  url: string;
  api_key: string | undefined;
  collection: string;
}

/** Has Qdrant make a snapshot of the collection, fetches it, and leaves none behind. */
export async function backUpQdrant(place: QdrantPlace, file: string): Promise<void> {
  const created = Created.parse(await (await ask(place, 'POST', '/snapshots')).json());
  const snapshot = `/snapshots/${encodeURIComponent(created.result.name)}`;
  try {
    const { body } = await ask(place, 'GET', snapshot);
    if (body) await pipeline(Readable.fromWeb(body as never), createWriteStream(file, { mode: 0o600 }));
  } finally {
    await ask(place, 'DELETE', snapshot);
  }
}

/** Makes the collection what the snapshot holds, whether or not it is there. */
export async function restoreQdrant(place: QdrantPlace, file: string): Promise<void> {
  const form = new FormData();
  form.set('snapshot', await openAsBlob(file), 'roost.snapshot');
  await ask(place, 'POST', '/snapshots/upload?priority=snapshot&wait=true', form);
}

async function ask(place: QdrantPlace, method: string, path: string, body?: FormData): Promise<Response> {
  const url = `${place.url.replace(/\/$/, '')}/collections/${encodeURIComponent(place.collection)}${path}`;
  const headers: Record<string, string> = place.api_key === undefined ? {} : { 'api-key': place.api_key };
  const signal = AbortSignal.timeout(REQUEST_MS);
  const answer = await fetch(url, { method, headers, signal, ...(body ? { body } : {}) }).catch(
    (error: unknown) => {
      throw new CommandError(
        `Qdrant at ${place.url} does not answer (${String(error)}).`,
        exitCodes.unavailable,
      );
    },
  );
  if (answer.ok) return answer;
  throw new CommandError(
    `Qdrant answered ${answer.status} to ${method} ${path}: ${(await answer.text()).slice(0, 500)}`,
  );
}
