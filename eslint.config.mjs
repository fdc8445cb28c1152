import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** A technology, and the only rooms that may import it. */
const walls = {
  dockerode: ['launcher'],
  '@kubernetes/client-node': ['launcher'],
  ioredis: ['messaging', 'roostctl'],
  '@opentelemetry': ['service-kit'],
  'rate-limiter-flexible': ['messaging'],
  undici: ['guarded-http'],
  'ipaddr.js': ['guarded-http', 'manager-api'],
  telegraf: ['telegram-gateway', 'testing'],
  '@nestjs/microservices': ['messaging', 'manager-api', 'telegram-gateway'],
  '@langchain/openai': ['agent-runner', 'bench'],
  '@langchain/core': ['agent-runner', 'bench'],
  '@langchain/langgraph': ['agent-runner', 'bench'],
  '@langchain/langgraph-checkpoint': ['agent-runner', 'manager-api'],
  langsmith: ['agent-runner'],
  '@modelcontextprotocol/client': ['agent-runner'],
  '@modelcontextprotocol/server': ['testing', 'agent-runner', 'e2e'],
  typeorm: ['manager-api', 'telegram-gateway', 'service-kit'],
  '@nestjs/typeorm': ['manager-api', 'telegram-gateway'],
  // In there only apps/manager-api/src/knowledge/store/qdrant: see the rule below.
  '@qdrant/js-client-rest': ['manager-api'],
  '@orama/stemmers': ['manager-api'],
  'pg-boss': ['manager-api'],
  pg: ['manager-api', 'telegram-gateway', 'service-kit', 'devstack', 'testing', 'e2e', 'bench', 'roostctl'],
};

/** What each lib may stand on; devstack and testing are for tests (see the rule on spec files below). */
const forTests = ['name:devstack', 'name:testing'];
const foundations = {
  contracts: ['name:testing'],
  'service-kit': ['name:contracts', ...forTests],
  devstack: ['name:testing'],
  messaging: ['name:contracts', ...forTests],
  launcher: ['name:contracts', ...forTests],
  'guarded-http': [],
  'openapi-document': ['name:contracts'],
  testing: ['name:contracts', 'name:messaging', 'name:launcher', 'name:devstack', 'name:service-kit'],
};
const apps = [
  'manager-api',
  'agent-runner',
  'telegram-gateway',
  'engine-proxy',
  'e2e',
  'bench',
  'soak',
  'eval',
  'cli',
  'local-stack',
  'manifests',
  'observability',
  'roostctl',
];

const banned = (room) =>
  Object.entries(walls)
    .filter(([, rooms]) => !rooms.includes(room))
    .flatMap(([name]) => [name, `${name}/*`]);

const constraints = [
  ...Object.entries(foundations).map(([room, onlyDependOnLibsWithTags]) => ({
    sourceTag: `name:${room}`,
    onlyDependOnLibsWithTags,
    bannedExternalImports: banned(room),
  })),
  ...apps.map((room) => ({
    sourceTag: `name:${room}`,
    onlyDependOnLibsWithTags: ['type:lib', 'type:testing'],
    bannedExternalImports: banned(room),
  })),
];

export default tseslint.config(
  {
    ignores: [
      'tools/roostctl/src/api/api.types.ts',
      'dist',
      '.nx',
      '.roost',
      '**/dist/**',
      '**/node_modules/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, allow: [], depConstraints: constraints },
      ],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@roost/testing', '@roost/testing/*'], message: 'Tests only.' }] },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read the environment in config.ts, once.' },
        {
          object: 'AbortSignal',
          property: 'any',
          message: 'On Node 20 it is kept for ever: use anySignal of any-signal, and clear it.',
        },
      ],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // DTO classes are shapes: plain objects stand in for them and are spread.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['apps/manager-api/**/*.ts'],
    ignores: ['apps/manager-api/src/knowledge/store/qdrant/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@roost/testing', '@roost/testing/*'], message: 'Tests only.' },
            { group: ['@qdrant/*'], message: 'Only in knowledge/store/qdrant.' },
          ],
        },
      ],
    },
  },
  {
    files: [
      '**/config.ts',
      'libs/devstack/**',
      'libs/testing/**',
      'e2e/**',
      'tools/**',
      '**/*.spec.ts',
      '**/*.cluster.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: [
      '**/*.spec.ts',
      '**/*.suite.ts',
      '**/*.cluster.ts',
      '**/test/**',
      'e2e/**',
      'libs/testing/**',
      'tools/bench/**',
      'tools/soak/**',
      'tools/eval/**',
      'tools/manifests/**',
      'tools/observability/**',
    ],
    rules: {
      'no-restricted-imports': 'off',
      'max-lines': 'off',
      // Answers of every shape are looked into.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['libs/testing/**/*.ts'],
    ignores: ['libs/testing/src/telegram/telegraf.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['telegraf', 'telegraf/*'], message: 'Only in telegram/telegraf.spec.ts.' }] },
      ],
    },
  },
  prettier,
);
