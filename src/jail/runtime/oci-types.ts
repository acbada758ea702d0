/** What we use of the OCI runtime specification 1.0.2, config.json. */
export interface OciSpec {
  ociVersion: string;
  hostname: string;
  process: OciProcess;
  root: { path: string; readonly: true };
  mounts: OciMount[];
  linux: OciLinux;
  annotations: Record<string, string>;
}

export interface OciProcess {
  terminal: boolean;
  user: { uid: number; gid: number; additionalGids?: number[]; umask: number };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: Record<'bounding' | 'effective' | 'inheritable' | 'permitted' | 'ambient', string[]>;
  rlimits: { type: string; hard: number; soft: number }[];
  noNewPrivileges: true;
}

export interface OciMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface OciIdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface OciLinux {
  namespaces: { type: 'user' | 'pid' | 'mount' | 'ipc' | 'uts' | 'network' | 'cgroup' }[];
  uidMappings: OciIdMapping[];
  gidMappings: OciIdMapping[];
  sysctl: Record<string, string>;
  cgroupsPath: string;
  resources: OciResources;
  seccomp: OciSeccomp;
  maskedPaths: string[];
  readonlyPaths: string[];
  rootfsPropagation: 'private';
}

export interface OciThrottle {
  major: number;
  minor: number;
  rate: number;
}

export interface OciResources {
  devices: { allow: false; access: 'rwm' }[];
  memory: { limit: number; swap: number };
  cpu: { quota: number; period: number };
  pids: { limit: number };
  blockIO?: Partial<
    Record<
      | 'throttleReadBpsDevice'
      | 'throttleWriteBpsDevice'
      | 'throttleReadIOPSDevice'
      | 'throttleWriteIOPSDevice',
      OciThrottle[]
    >
  >;
}

export interface OciSyscallRule {
  names: string[];
  action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ' }[];
}

export interface OciSeccomp {
  defaultAction: 'SCMP_ACT_ERRNO';
  defaultErrnoRet: number;
  architectures: string[];
  syscalls: OciSyscallRule[];
}
