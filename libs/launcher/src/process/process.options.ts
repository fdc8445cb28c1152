export interface ProcessLauncherOptions {
  /** True when NODE_ENV is `production`: the launcher then refuses to exist, for it isolates nothing. */
  production: boolean;
  /** The runner's program: a file that Node.js runs. */
  entry: string;
  /** The command that builds `entry`; named when the file is missing. */
  build_hint: string;
  /** Folder of records and logs. One manager at a time; the next one finds its instances here. */
  state_dir: string;
  /** The Node.js binary. Default: the one that runs this process. */
  node?: string;
  /** Arguments of Node.js before `entry`. */
  node_args?: readonly string[];
  /** Milliseconds a killed process may take to vanish. Default 10,000. */
  call_timeout_ms?: number;
  /** Milliseconds a manager may take to note the number of a process it started. Default 10,000. */
  note_ms?: number;
  /** MiB one instance's log file may reach before it is emptied. Default 10. */
  log_file_mb?: number;
}
