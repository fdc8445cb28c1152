/** How to reach the engine, and what every instance on it is made of. */
export interface DockerLauncherOptions {
  /** As in DOCKER_HOST: `unix:///path` (default `unix:///var/run/docker.sock`) or `tcp://host:port`. */
  docker_host?: string;
  /** The runner's image, as the engine names it. */
  image: string;
  /** The command that builds the image; named when the image is missing. */
  build_hint: string;
  /** The network instances are attached to; made by the first launch when it does not exist. */
  network: string;
  /** Label value that tells this installation's containers from any other's on the same engine. */
  installation: string;
  /** Milliseconds one call to the engine may take; stopping may take the grace period on top. Default 10,000. */
  call_timeout_ms?: number;
  /** Size of one log file of an instance in MiB. Default 10. */
  log_file_mb?: number;
  /** Log files kept for one instance. Default 3. */
  log_files?: number;
}

export type ResolvedDockerOptions = Required<DockerLauncherOptions>;

export function resolveOptions(options: DockerLauncherOptions): ResolvedDockerOptions {
  return {
    docker_host: options.docker_host ?? 'unix:///var/run/docker.sock',
    image: options.image,
    build_hint: options.build_hint,
    network: options.network,
    installation: options.installation,
    call_timeout_ms: options.call_timeout_ms ?? 10_000,
    log_file_mb: options.log_file_mb ?? 10,
    log_files: options.log_files ?? 3,
  };
}
