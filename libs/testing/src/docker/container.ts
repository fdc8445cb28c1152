/** What `docker inspect` tells of a container, as far as tests look at it. */
export interface Container {
  Id: string;
  Name: string;
  State: {
    Status: string;
    /** RFC 3339. */
    StartedAt: string;
    ExitCode: number;
    Pid: number;
    OOMKilled: boolean;
    Health?: { Status: string };
  };
  Config: { Image: string; User: string; Env: string[] | null; Labels: Record<string, string> };
  HostConfig: Record<string, unknown>;
  Mounts: { Source?: string; Destination: string }[];
  NetworkSettings: { Ports: Record<string, unknown[] | null>; Networks: Record<string, unknown> };
}
