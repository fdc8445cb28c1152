import { integer, loadConfig, text } from '@roost/service-kit';
import { z } from 'zod';

export const gatewaySchema = z.object({
  GATEWAY_HOST: text().default('0.0.0.0').meta({ description: 'Address the gateway listens on' }),
  GATEWAY_PORT: integer(0, 65_535).default(8002).meta({ description: 'Port of the health checks' }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .meta({ description: 'The least severe lines to log' }),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .meta({ description: '`json` for machines, `pretty` for people' }),
});

export type GatewayConfig = Readonly<z.infer<typeof gatewaySchema>>;

export const readConfig = (env: NodeJS.ProcessEnv = process.env): GatewayConfig =>
  loadConfig(gatewaySchema, env);
