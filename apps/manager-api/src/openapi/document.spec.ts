import { NestFactory } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../app.module';
import { testConfig } from '../test/test-config';
import { openApiDocument } from './document';

interface Operation {
  summary?: string;
  security?: object[];
  parameters?: { name: string; description?: string; schema?: { example?: unknown }; example?: unknown }[];
  responses: Record<string, { description?: string }>;
}

describe('the OpenAPI description', () => {
  let document: OpenAPIObject;
  let operations: [string, Operation][];

  beforeAll(async () => {
    const app = await NestFactory.create(AppModule.with(testConfig(), pino({ enabled: false })), {
      preview: true,
      logger: false,
    });
    document = openApiDocument(app);
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Operation>).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );
  });

  it('is the committed openapi.json; after a change run: npm run generate', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../openapi.json');
  });

  it('refers to nothing that is not in it', () => {
    const text = JSON.stringify(document);
    const missing = [...text.matchAll(/"\$ref":"([^"]*)"/g)].flatMap(([, path = '']) => {
      const [, ...steps] = path.split('/');
      const found = steps.reduce<unknown>(
        (at, step) => (at as Record<string, unknown> | undefined)?.[step],
        document,
      );
      return found === undefined ? [path] : [];
    });
    expect(missing).toEqual([]);
  });

  it('has every endpoint of the public port', () => {
    expect(operations.map(([name]) => name).sort()).toEqual(
      [
        'DELETE /agents/{agent_id}',
        'DELETE /api-keys/{api_key_id}',
        'DELETE /knowledge-bases/{knowledge_base_id}',
        'DELETE /knowledge-bases/{knowledge_base_id}/documents/{document_id}',
        'DELETE /threads/{thread_id}',
        'GET /agents',
        'GET /agents/{agent_id}',
        'GET /agents/{agent_id}/config',
        'GET /agents/{agent_id}/integrations/{integration_type}/status',
        'GET /agents/{agent_id}/logs',
        'GET /agents/{agent_id}/status',
        'GET /agents/{agent_id}/threads',
        'GET /agents/{agent_id}/versions',
        'GET /api-keys',
        'GET /knowledge-bases',
        'GET /knowledge-bases/{knowledge_base_id}',
        'GET /knowledge-bases/{knowledge_base_id}/documents',
        'GET /knowledge-bases/{knowledge_base_id}/documents/{document_id}',
        'GET /livez',
        'GET /readyz',
        'GET /threads/{thread_id}',
        'GET /threads/{thread_id}/approvals',
        'GET /threads/{thread_id}/events',
        'GET /threads/{thread_id}/messages',
        'GET /usage',
        'GET /prices',
        'PUT /prices',
        'GET /users/{external_user_id}/facts',
        'DELETE /users/{external_user_id}',
        'PATCH /agents/{agent_id}',
        'POST /agents',
        'POST /agents/{agent_id}/chat-tokens',
        'POST /agents/{agent_id}/integrations/{integration_type}/start',
        'POST /agents/{agent_id}/integrations/{integration_type}/stop',
        'POST /agents/{agent_id}/messages',
        'POST /agents/{agent_id}/start',
        'POST /agents/{agent_id}/stop',
        'POST /agents/{agent_id}/tools/{tool_name}/test',
        'POST /agents/{agent_id}/versions/{version}/restore',
        'POST /api-keys',
        'POST /agents/import',
        'POST /knowledge-bases/{knowledge_base_id}/search',
        'POST /threads/{thread_id}/approvals/{approval_id}',
        'POST /knowledge-bases',
        'POST /knowledge-bases/{knowledge_base_id}/documents',
        'POST /threads/{thread_id}/cancel',
      ].sort(),
    );
  });

  it('describes every field with an example', () => {
    const schemas = document.components?.schemas as Record<
      string,
      { properties?: Record<string, Record<string, unknown>> }
    >;
    const undescribed = Object.entries(schemas).flatMap(([schema, { properties }]) =>
      Object.entries(properties ?? {})
        .filter(([, property]) => !property['description'] || !('example' in property))
        .map(([name]) => `${schema}.${name}`),
    );
    expect(undescribed).toEqual([]);
  });

  it('describes every parameter with an example', () => {
    const undescribed = operations.flatMap(([name, { parameters }]) =>
      (parameters ?? [])
        .filter(
          ({ description, schema, example }) =>
            !description || (example === undefined && schema?.example === undefined),
        )
        .map((parameter) => `${name} ${parameter.name}`),
    );
    expect(undescribed).toEqual([]);
  });

  it('says of every guarded route which credential it takes, and that it may refuse', () => {
    const guarded = operations.filter(([name]) => !/(livez|readyz)$/.test(name));
    expect(guarded.filter(([, { security }]) => !security?.length).map(([name]) => name)).toEqual([]);
    expect(
      guarded.filter(([, { responses }]) => !responses['401'] || !responses['403']).map(([name]) => name),
    ).toEqual([]);
  });
});
