// Bundles one app into dist/<app>/main.js. Usage: node tools/build/bundle.mjs apps/<app> [--watch] [--out <folder>]
import { cpSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { build, watch } from 'rolldown';

/** Packages Nest asks for only when a feature is switched on, the transports of its microservices among them. */
const neverInstalled =
  /^(@fastify\/static|bufferutil|utf-8-validate|pg-native|cpu-features|@nats-io|amqp|cache-manager|kafkajs|mqtt)/;

/** Apps that speak to each other with commands; from others Nest's microservices stay away, which take time to load. */
const withCommands = ['apps/manager-api', 'apps/telegram-gateway'];

/** What the engine's client brings for ssh:// addresses and for builds, neither of which the launcher uses. */
const neverUsed = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader)$/;
const leaveOut = {
  name: 'leave-out',
  resolveId: (id) => (neverUsed.test(id) ? '\0never-used' : null),
  load: (id) => (id === '\0never-used' ? 'module.exports = {};' : null),
};

const project = process.argv[2];
if (!project || !existsSync(`${project}/src/main.ts`)) {
  console.error('usage: node tools/build/bundle.mjs apps/<app> [--watch]   (the folder needs a src/main.ts)');
  process.exit(2);
}

const entries = { main: `./${project}/src/main.ts` };
for (const extra of ['migrate', 'parse']) {
  if (existsSync(`${project}/src/${extra}.ts`)) entries[extra] = `./${project}/src/${extra}.ts`;
}

const watching = process.argv.includes('--watch');
const outAt = process.argv.indexOf('--out');
const dir = outAt === -1 ? `dist/${project}` : process.argv[outAt + 1];

const options = {
  input: entries,
  platform: 'node',
  tsconfig: `./${project}/tsconfig.json`,
  external: withCommands.includes(project) ? neverInstalled : [neverInstalled, /^@nestjs\/microservices/],
  plugins: [leaveOut],
  logLevel: 'warn',
  output: {
    dir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
    // A program that is restarted by its own rebuild must find its file.
    cleanDir: !watching,
  },
};

if (watching) {
  const watcher = watch(options);
  watcher.on('event', (event) => {
    if (event.code === 'ERROR') console.error(event.error);
    if (event.code === 'BUNDLE_END') console.log(`${basename(project)} built in ${event.duration} ms`);
  });
} else {
  await build(options);
}
if (project === 'apps/manager-api') copySwaggerUi(`${dir}/swagger-ui`);

/** Swagger UI is read from disk at run time, where a bundle has no node_modules. */
function copySwaggerUi(target) {
  const require = createRequire(import.meta.url);
  const source = require('swagger-ui-dist/absolute-path.js')();
  for (const file of [
    'swagger-ui.css',
    'swagger-ui-bundle.js',
    'swagger-ui-standalone-preset.js',
    'favicon-16x16.png',
    'favicon-32x32.png',
  ]) {
    cpSync(`${source}/${file}`, `${target}/${file}`);
  }
}
