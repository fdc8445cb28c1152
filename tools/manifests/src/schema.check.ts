import { join } from 'node:path';
import ts from 'typescript';
import { root } from './kubernetes.programs';
import type { KubernetesObject } from './kubernetes.object';

const FILE = join(root, 'tools/manifests/src/rendered.generated.ts');
const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

type Model = new (data: unknown) => { validate(): void };

/**
 * What Kubernetes' published schema has against objects. `kubernetes-models` is made from it: its types know every
 * field, so that a misspelt one is seen, and its validators know patterns and ranges.
 */
export async function schemaFaults(objects: KubernetesObject[]): Promise<string[]> {
  const validated = await Promise.all(objects.map(validationFault));
  return [...typeFaults(objects), ...validated.flatMap((fault) => fault ?? [])];
}

const moduleOf = (apiVersion: string): string => `kubernetes-models/${apiVersion}`;
const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;

/** The objects as literals of their types, which may have no property that the type does not know. */
function typeFaults(objects: KubernetesObject[]): string[] {
  const lines = objects.map(
    (object, index) =>
      `export const o${index}: import(${JSON.stringify(moduleOf(object.apiVersion))}).I${object.kind} = ${JSON.stringify(object)};`,
  );
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path === FILE || fileExists.call(host, path);
  host.readFile = (path) => (path === FILE ? lines.join('\n') : readFile.call(host, path));
  host.getSourceFile = (path, version, ...rest) =>
    path === FILE
      ? ts.createSourceFile(FILE, lines.join('\n'), version)
      : getSourceFile.call(host, path, version, ...rest);
  const program = ts.createProgram([FILE], options, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(FILE))
    .map(({ start = 0, file, messageText }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      const object = objects[line];
      return `${object ? nameOf(object) : ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}

async function validationFault(object: KubernetesObject): Promise<string | null> {
  const models = (await import(moduleOf(object.apiVersion))) as Record<string, Model | undefined>;
  const model = models[object.kind];
  if (!model) return `${nameOf(object)}: there is no such kind in ${object.apiVersion}`;
  try {
    new model(withPlainSecrets(object)).validate();
    return null;
  } catch (error) {
    return `${nameOf(object)}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Long values are wrapped, which Kubernetes reads and the validator does not. */
const withPlainSecrets = (object: KubernetesObject): KubernetesObject =>
  object.kind === 'Secret'
    ? {
        ...object,
        data: Object.fromEntries(
          Object.entries(object.data ?? {}).map(([name, value]) => [name, value.replaceAll(/\s/g, '')]),
        ),
      }
    : object;
