import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ComposeStack } from './compose.stack';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const module = ['node', '--input-type=module', '-e'];
const server = '203.0.113.10';

/** What stands for the internet, in a range that nobody routes and the proxy takes for public, and for a private host. */
export class OutsideWorld {
  /** Where the proxy has to ask for names. */
  static readonly nameServer = '203.0.113.53';
  private readonly network: string;
  private proxy = '';

  constructor(private readonly stack: ComposeStack) {
    this.network = `${stack.project}-outside`;
  }

  /** Starts both, and the names: `public.test`, and some that are private or become so. @returns the private address. */
  async start(proxy: string): Promise<string> {
    const { project } = this.stack;
    this.proxy = proxy;
    await this.stack.docker(['network', 'create', '--subnet', '203.0.113.0/24', this.network]);
    await this.stack.docker(['network', 'connect', this.network, proxy]);
    await this.run('private', ['--network', `${project}_front`], { GREETING: 'private' });
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const inner = await this.stack.docker(['inspect', '--format', format, this.name('private')]);
    const zone = {
      'public.test': [[server]],
      'private.test': [[inner]],
      'allowed.test': [[inner]],
      'mixed.test': [[server, inner]],
      'metadata.test': [['169.254.169.254']],
      'loopback.test': [['127.0.0.1']],
      'rebind.test': [[server], [inner]],
    };
    const env = { ZONE: JSON.stringify(zone) };
    const on = (address: string) => ['--network', this.network, '--ip', address];
    await this.run('names', on(OutsideWorld.nameServer), { ...env, GREETING: 'names' });
    await this.run('public', on(server), { ...env, GREETING: 'public' });
    await vi.waitFor(
      async () => {
        for (const one of ['private', 'names', 'public'])
          await this.stack.docker([
            'exec',
            this.name(one),
            ...module,
            `await fetch('http://127.0.0.1/ready')`,
          ]);
      },
      { timeout: 30_000, interval: 250 },
    );
    return inner;
  }

  /** What the server of this name was asked from elsewhere. */
  async askedOf(name: 'public' | 'private'): Promise<string[]> {
    const log = await this.stack.docker(['logs', this.name(name)]);
    return log.split('\n').filter((line) => line !== '' && !line.endsWith('/ready'));
  }

  /** Makes one attempt from inside a container, with the programs that are in there. */
  attempt(container: string, kind: 'direct' | 'tunnel' | 'plain', target: string): Promise<string> {
    const env = ['--env', `ATTEMPT=${JSON.stringify([kind, target])}`];
    return this.stack.docker(['exec', ...env, container, ...module, fixture('intruder.fixture.mjs')]);
  }

  async stop(): Promise<void> {
    const names = ['private', 'names', 'public'].map((name) => this.name(name));
    await this.stack.docker(['rm', '--force', ...names]).catch(() => undefined);
    await this.stack
      .docker(['network', 'disconnect', '--force', this.network, this.proxy])
      .catch(() => undefined);
    await this.stack.docker(['network', 'rm', this.network]).catch(() => undefined);
  }

  private name(of: string): string {
    return `${this.stack.project}-${of}`;
  }

  private async run(name: string, network: string[], env: Record<string, string>): Promise<void> {
    const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    await this.stack.docker([
      ...['run', '--detach', '--user', '0:0', '--name', this.name(name), ...network, ...variables],
      ...[this.stack.runnerImage, ...module, fixture('outside.fixture.mjs')],
    ]);
  }
}
