import type { ServerResponse } from 'node:http';
import { selected } from './label.selector';
import type { PodEvent, PodStore } from './pod.store';
import { ApiRefusal } from './pod.types';

const BOOKMARK_MS = 500;

/**
 * Answers a watch: what changed since the version asked for, then what changes, with bookmarks between.
 * @returns what ends it as its time does.
 */
export function serveWatch(store: PodStore, url: URL, response: ServerResponse): () => void {
  const query = url.searchParams;
  const namespace = url.pathname.split('/')[4] ?? '';
  const ofInterest = selected(query.get('labelSelector'));
  const tell = (type: string, object: object): void => {
    response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const onChange = ({ type, object }: PodEvent): void => {
    if (object.metadata.namespace === namespace && ofInterest(object)) tell(type, object);
  };
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  try {
    store.since(Number(query.get('resourceVersion') ?? store.version)).forEach(onChange);
  } catch (error) {
    // As the API server does it: in the stream, under status 200.
    if (error instanceof ApiRefusal) tell('ERROR', error.body);
    response.end();
    return () => undefined;
  }
  store.changes.on('change', onChange);
  const bookmark = setInterval(() => {
    const metadata = { resourceVersion: String(store.version) };
    tell('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata });
  }, BOOKMARK_MS);
  const seconds = Number(query.get('timeoutSeconds') ?? 1800);
  const silence = (): void => {
    clearInterval(bookmark);
    clearTimeout(over);
    store.changes.off('change', onChange);
  };
  const end = (): void => {
    silence();
    response.end();
  };
  const over = setTimeout(end, seconds * 1000);
  response.once('close', silence);
  return end;
}
