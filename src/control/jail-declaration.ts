/**
 * What a jail declares, parsed and with every default filled in. Sizes are bytes, times are ms. Each key comes from
 * one entry of jailFields in jail-fields.ts.
 */
export type Protocol = 'tcp' | 'udp';

/** One line of `Jail-Filesystem`. Paths are absolute and normalised. */
export type JailMount =
  | { kind: 'rw'; path: string; size?: number }
  | { kind: 'tmp'; path: string; size: number }
  | { kind: 'ro'; hostPath: string; path: string };

/** One item of `Jail-Listen`. */
export interface ListenPort {
  port: number;
  protocol: Protocol;
}

/** One item of `Jail-Connect`. `host` is a name, an address or a CIDR block. */
export type ConnectRule =
  | { kind: 'any' }
  | { kind: 'dns' }
  | { kind: 'host'; host: string; port: number; protocol: Protocol };

/** One line of `Jail-Io`: limits for one block device of the host (`8:0` or `/dev/vda`). */
export interface IoLimit {
  device: string;
  readBytesPerSecond?: number;
  writeBytesPerSecond?: number;
  readOperationsPerSecond?: number;
  writeOperationsPerSecond?: number;
}

export type HealthCheck = (
  | { kind: 'http'; url: string; port: number; path: string }
  | { kind: 'tcp'; port: number }
  | { kind: 'command'; argv: string[] }
) & { interval: number; timeout: number };

/** One line of `Jail-Inputs`: a file that a build gets. `path` is relative to `/build/inputs`. */
export interface JailInput {
  url: string;
  sha256: string;
  path: string;
}

export interface JailDeclaration {
  format: 1;
  command: string[];
  /** User name inside the jail; `root` is the jail's own root, a nobody on the host. */
  user: string;
  workdir: string;
  environment: Record<string, string>;
  /** `CAP_NET_BIND_SERVICE`, ... sorted, each once. */
  capabilities: string[];
  filesystem: JailMount[];
  network: 'none' | 'loopback' | 'macvlan';
  listen: ListenPort[];
  connect: ConnectRule[];
  /** Bytes. */
  memory: number;
  /** Percent of one CPU. */
  cpu: number;
  pids: number;
  io: IoLimit[];
  /** `@group` and system call names, as declared. */
  syscalls: string[];
  health?: HealthCheck;
  restart: { policy: 'no' | 'on-failure' | 'always'; backoff: number };
  stop: { signal: string; timeout: number };
  compose: 'extract' | 'install';
  /** Prune groups and glob patterns. */
  prune: string[];
  inputs: JailInput[];
}
