import { once } from 'node:events';
import { createWriteStream, openAsBlob } from 'node:fs';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { CommandError, exitCodes } from '../exit-codes';

/** It is silent while it makes a snapshot, or takes one in; `fetch` would wait for five minutes. */
const REQUEST_MS = 3_600_000;
const KEEP_ALIVE_MS = 60_000;
const Created = z.object({ result: z.object({ name: z.string() }) });

export interface QdrantPlace {
  url: string;
  api_key: string | undefined;
  collection: string;
}

class QdrantRefusal extends CommandError {
  constructor(
    readonly status: number | undefined,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Has Qdrant make a snapshot of the collection, fetches it, and leaves none behind.
 * @returns whether there is such a collection; a manager makes it with the first document.
 */
export async function backUpQdrant(place: QdrantPlace, file: string): Promise<boolean> {
  const made = await ask(place, 'POST', '/snapshots').catch(unlessAbsent);
  if (made === null) return false;
  const { result } = Created.parse(await json(made));
  const snapshot = `/snapshots/${encodeURIComponent(result.name)}`;
  const discard = async (): Promise<unknown> => text(await ask(place, 'DELETE', snapshot));
  try {
    await pipeline(await ask(place, 'GET', snapshot), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    // What went wrong first is what is told.
    await discard().catch(() => undefined);
    throw error;
  }
  await discard();
  return true;
}

/** Makes the collection what the snapshot holds, whether or not it is there. */
export async function restoreQdrant(place: QdrantPlace, file: string): Promise<void> {
  const form = new FormData();
  form.set('snapshot', await openAsBlob(file), 'roost.snapshot');
  await text(await ask(place, 'POST', '/snapshots/upload?priority=snapshot&wait=true', new Response(form)));
}

async function ask(
  place: QdrantPlace,
  method: string,
  path: string,
  content?: Response,
): Promise<IncomingMessage> {
  const url = `${place.url.replace(/\/$/, '')}/collections/${encodeURIComponent(place.collection)}${path}`;
  const request = (url.startsWith('https:') ? overHttps : overHttp)(url, {
    method,
    headers: {
      ...(place.api_key === undefined ? {} : { 'api-key': place.api_key }),
      ...Object.fromEntries(content?.headers ?? []),
    },
    agent: false,
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  request.setSocketKeepAlive(true, KEEP_ALIVE_MS);
  // Errors after the head are those of the answer.
  request.on('error', () => undefined);
  if (content?.body)
    Readable.fromWeb(content.body as never)
      .on('error', (error) => request.destroy(error))
      .pipe(request);
  else request.end();
  const [answer] = (await once(request, 'response').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`Qdrant at ${place.url} does not answer (${why}).`, exitCodes.unavailable);
  })) as [IncomingMessage];
  const { statusCode: status = 0 } = answer;
  if (status >= 200 && status < 300) return answer;
  const said = (await text(answer)).slice(0, 500);
  throw new QdrantRefusal(status, `Qdrant answered ${status} to ${method} ${path}: ${said}`);
}

function unlessAbsent(error: unknown): null {
  if (error instanceof QdrantRefusal && error.status === 404) return null;
  throw error;
}
