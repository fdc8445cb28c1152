// Bundles one app into dist/<app>/main.js. Usage: node tools/build/bundle.mjs apps/<app> [--watch]
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { build, watch } from 'rolldown';

/** Packages Nest asks for only when a feature is switched on; they are never installed here. */
const neverInstalled =
  /^(@nestjs\/microservices|@grpc\/grpc-js|@fastify\/static|bufferutil|utf-8-validate|pg-native|cpu-features)/;

const project = process.argv[2];
if (!project || !existsSync(`${project}/src/main.ts`)) {
  console.error('usage: node tools/build/bundle.mjs apps/<app> [--watch]   (the folder needs a src/main.ts)');
  process.exit(2);
}

const entries = { main: `./${project}/src/main.ts` };
for (const extra of ['migrate', 'openapi']) {
  if (existsSync(`${project}/src/${extra}.ts`)) entries[extra] = `./${project}/src/${extra}.ts`;
}

const options = {
  input: entries,
  platform: 'node',
  tsconfig: `./${project}/tsconfig.json`,
  external: neverInstalled,
  transform: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  logLevel: 'warn',
  output: {
    dir: `dist/${project}`,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
    cleanDir: true,
  },
};

if (process.argv.includes('--watch')) {
  const watcher = watch(options);
  watcher.on('event', (event) => {
    if (event.code === 'ERROR') console.error(event.error);
    if (event.code === 'BUNDLE_END') console.log(`${basename(project)} built in ${event.duration} ms`);
  });
} else {
  await build(options);
}
