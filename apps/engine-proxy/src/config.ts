import { integer, loadConfig, text } from '@roost/service-kit';
import { z } from 'zod';

const images = text().transform((list, context) => {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) context.addIssue({ code: 'custom', message: 'must name an image' });
  return names;
});

export const proxySchema = z.object({
  RUNNER_IMAGES: images.meta({
    description:
      'The images that containers may be made of, as the manager names them in `RUNNER_IMAGE`; several with commas',
  }),
  RUNNER_NETWORK: text()
    .default('roost-runners')
    .meta({ description: 'The one network that containers may join' }),
  INSTALLATION: text()
    .default('roost')
    .meta({ description: "The label of the manager's containers: no others are shown, started or ended" }),
  RUNNER_MEMORY_MB_MAX: integer(64, 1_048_576)
    .default(8_192)
    .meta({ description: 'The most memory a container may be given, in MiB' }),
  RUNNER_CPUS_MAX: integer(1, 1_024)
    .default(8)
    .meta({ description: 'The most processors a container may be given' }),
  RUNNER_PIDS_MAX: integer(16, 65_536)
    .default(1_024)
    .meta({ description: 'The most processes and threads a container may be given' }),
  ENGINE_SOCKET: text()
    .default('/var/run/docker.sock')
    .meta({ description: "The engine's socket; nobody else needs it" }),
  PROXY_HOST: text().default('0.0.0.0').meta({ description: 'Address the proxy listens on' }),
  PROXY_PORT: integer(0, 65_535)
    .default(2_375)
    .meta({ description: "Port the manager's `DOCKER_HOST` names" }),
  SHUTDOWN_SECONDS: integer(1, 600).default(10).meta({ description: 'Until a shutdown must be over' }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .meta({ description: 'The least severe lines to log; each call is one of `info`' }),
  LOG_FORMAT: z
    .enum(['json', 'pretty'])
    .default('json')
    .meta({ description: '`json` for machines, `pretty` for people' }),
});

export type ProxyConfig = Readonly<z.infer<typeof proxySchema>>;

export const readConfig = (env: NodeJS.ProcessEnv = process.env): ProxyConfig => loadConfig(proxySchema, env);
