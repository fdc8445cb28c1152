import type { KubernetesObject } from './kubernetes.object';
import { templateOf } from './kubernetes.object';

export interface Schema {
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  required?: string[];
  items?: Schema;
  $ref?: string;
  definitions?: Record<string, Schema>;
}

/** Variables that mean nothing on Kubernetes, or are the image's own. */
const ELSEWHERE = new Set([
  'DOCKER_HOST',
  'KUBERNETES_CONTEXT',
  'NODE_ENV',
  'RUNNER_ENTRY',
  'RUNNER_NETWORK',
  'RUNNER_STATE_DIR',
]);

/** Variables that README.md has a table of, with what it says of each. */
function documentedVariables(readme: string, app: string): [string, string][] {
  const [, section = ''] =
    new RegExp(`<!-- env:${app} -->([^]*?)<!-- /env -->`).exec(readme) ??
    (() => {
      throw new Error(`README.md has no table env:${app}`);
    })();
  return [...section.matchAll(/^\| `(\w+)` \| .*? \| (.*) \|$/gm)].map(([, name = '', said = '']) => [
    name,
    said,
  ]);
}

/** Variables that a Deployment takes from a Secret. */
export const secretVariables = (objects: KubernetesObject[], name: string): string[] =>
  objects
    .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)
    .flatMap((object) => templateOf(object)?.spec.containers ?? [])
    .flatMap(({ env = [] }) => env.map((variable) => variable.name));

/** What the schema is to say of an app's variables: those documented, but for credentials and what the chart decides. */
export function environmentSchema(
  readme: string,
  app: string,
  taken: Iterable<string>,
): Record<string, Schema> {
  const refused = new Set([...taken, ...ELSEWHERE]);
  return Object.fromEntries(
    documentedVariables(readme, app)
      .filter(([name]) => !refused.has(name))
      .map(([name, description]) => [name, { description, $ref: '#/definitions/variable' }]),
  );
}
