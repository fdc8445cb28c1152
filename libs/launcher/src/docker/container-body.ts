import type Docker from 'dockerode';
import { instanceName } from '../instance-name';
import type { InstanceSpec } from '../launcher';
import { LABEL } from './container-labels';
import type { ResolvedDockerOptions } from './docker.options';

/** The user `node` of the official Node images. */
const USER = '1000:1000';
const MIB = 1024 * 1024;

export type ContainerBody = Omit<Docker.ContainerCreateOptions, 'name' | 'abortSignal' | 'HostConfig'> & {
  HostConfig: Docker.HostConfig & { CgroupnsMode: 'private' };
};

type BodyOptions = Pick<
  ResolvedDockerOptions,
  'image' | 'network' | 'installation' | 'log_file_mb' | 'log_files'
>;

/** The body of the engine's "create container" for one instance. Hardening is decided here and nowhere else. */
export function containerBody(spec: InstanceSpec, options: BodyOptions): ContainerBody {
  const memory = spec.limits.memory_mb * MIB;
  return {
    Image: options.image,
    Hostname: instanceName(options.installation, spec.instance_id),
    User: USER,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [LABEL.installation]: options.installation,
      [LABEL.instance_id]: spec.instance_id,
      ...(spec.agent_id === null ? {} : { [LABEL.agent_id]: spec.agent_id }),
      ...(spec.generation === null ? {} : { [LABEL.generation]: String(spec.generation) }),
    },
    StopSignal: 'SIGTERM',
    HostConfig: {
      NetworkMode: options.network,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
      Memory: memory,
      // Equal to Memory: no swap on top.
      MemorySwap: memory,
      NanoCpus: Math.round(spec.limits.cpus * 1e9),
      PidsLimit: spec.limits.pids,
      // A private namespace without /dev/shm, the one writable mount a read-only root would leave.
      IpcMode: 'none',
      // The engine's default on cgroup v1 is the host's.
      CgroupnsMode: 'private',
      Init: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: {
        Type: 'json-file',
        Config: { 'max-size': `${options.log_file_mb}m`, 'max-file': String(options.log_files) },
      },
    },
  };
}
