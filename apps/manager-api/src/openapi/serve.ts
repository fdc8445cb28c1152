import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiDocument } from './document';

/** Beside the bundle, where the build puts the files of Swagger UI. */
const BUNDLED_UI = fileURLToPath(new URL('./swagger-ui', import.meta.url));

/** `/docs` and `/openapi.json`. */
export function serveApiDocs(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: '/openapi.json',
    customSiteTitle: 'Roost API',
    ...(existsSync(BUNDLED_UI) ? { customSwaggerUiPath: BUNDLED_UI } : {}),
    swaggerOptions: { persistAuthorization: true },
  });
}
