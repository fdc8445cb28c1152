import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

/** The OpenAPI description of the public port. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Roost')
    .setDescription(
      'Keeps AI agents: create, configure, start, stop and talk to them. Errors are RFC 9457 problems with a stable `code`.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: `roost_…`.' }, 'api_key')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A chat token of one agent and one user.',
      },
      'chat_token',
    )
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'The token of a live runner instance.' },
      'instance',
    )
    .addTag('agents', 'Configurations and what becomes of them')
    .addTag('chat', 'Messages, threads and their events')
    .addTag('knowledge', 'What agents look up')
    .addTag('api-keys', 'Credentials')
    .addTag('integrations', 'Messengers')
    .addTag('instances', 'For runners')
    .addTag('health', 'For probes')
    .build();
  return SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}
