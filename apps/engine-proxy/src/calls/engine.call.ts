import { Refusal } from './refusal';

/** A call of the Docker Engine API that the launcher makes, and what else has to be looked at before it passes. */
export type EngineCall =
  /** Says nothing of the engine but that it is there. */
  | { kind: 'ping' }
  /** Answers for many containers: only with the filter that leaves those of the installation. */
  | { kind: 'filtered' }
  | { kind: 'create' }
  /** Of one container, which must be the installation's. */
  | { kind: 'container'; container: string };

/** The engine decodes and cleans paths: what could mean another path there than here is refused. */
const AMBIGUOUS = /\.\.|\/\/|[^A-Za-z0-9_.:/@-]/;
const VERSION = /^\/v1\.\d{1,3}(?=\/)/;
const NAME = '([a-zA-Z0-9][a-zA-Z0-9_.-]*)';

const routes: readonly [method: string, path: RegExp, call: (name: string) => EngineCall][] = [
  ['GET', /^\/_ping$/, () => ({ kind: 'ping' })],
  ['GET', /^\/(?:events|containers\/json)$/, () => ({ kind: 'filtered' })],
  ['POST', /^\/containers\/create$/, () => ({ kind: 'create' })],
  ['GET', new RegExp(`^/containers/${NAME}/(?:json|logs)$`), ofContainer],
  ['POST', new RegExp(`^/containers/${NAME}/(?:start|stop|kill)$`), ofContainer],
  ['DELETE', new RegExp(`^/containers/${NAME}$`), ofContainer],
];

function ofContainer(container: string): EngineCall {
  return { kind: 'container', container };
}

/** @throws {Refusal} for all that the launcher never asks. */
export function readCall(method: string, path: string): EngineCall {
  const known = AMBIGUOUS.test(path) ? path : path.replace(VERSION, '');
  for (const [verb, pattern, call] of AMBIGUOUS.test(path) ? [] : routes) {
    const match = verb === method ? pattern.exec(known) : null;
    if (match) return call(match[1] ?? '');
  }
  throw new Refusal(
    `the call is not listed in apps/engine-proxy/src/calls/engine.call.ts: ${method} ${path}`,
  );
}
