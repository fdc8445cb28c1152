import type { Container } from '../docker/container';
import { type DockerClient, run } from '../docker/docker.cli';

/** The containers that the managers of one installation have made. */
export class DockerRunners {
  constructor(
    private readonly client: DockerClient,
    readonly installation: string,
    readonly network: string,
  ) {}

  docker(args: string[], deadlineMs = 60_000): Promise<string> {
    return run('docker', args, this.client.environment, deadlineMs);
  }

  /** All of them, or those of one agent, running or ended. */
  async containers(agent_id?: string): Promise<Container[]> {
    const ids = await this.ids(agent_id);
    if (ids.length === 0) return [];
    try {
      return JSON.parse(await this.docker(['inspect', '--type', 'container', ...ids])) as Container[];
    } catch (error) {
      // Removed since it was listed: the next list is without it.
      if (/No such container/.test(String(error))) return this.containers(agent_id);
      throw error;
    }
  }

  /** Removes them and their network. */
  async removeAll(): Promise<void> {
    const ids = await this.ids();
    if (ids.length > 0) await this.docker(['rm', '--force', '--volumes', ...ids]);
    const networks = await this.docker(['network', 'ls', '--quiet', '--filter', `name=^${this.network}$`]);
    if (networks !== '') await this.docker(['network', 'rm', ...networks.split('\n')]);
  }

  private async ids(agent_id?: string): Promise<string[]> {
    const filters = [
      `label=roost.installation=${this.installation}`,
      ...(agent_id === undefined ? [] : [`label=roost.agent_id=${agent_id}`]),
    ].flatMap((filter) => ['--filter', filter]);
    return (await this.docker(['ps', '--all', '--quiet', ...filters])).split('\n').filter(Boolean);
  }
}
