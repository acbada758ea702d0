import { seccompFilter } from '../../jail/confine/seccomp.ts';

/** What runs in a build jail. */
export interface BuildProcess {
  argv: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  /** 0 has the rights of a file owner over the build root's files and nothing else; everybody else has none. */
  uid: number;
  /** `prodng` when it is not said. */
  hostname?: string;
  /** For uid 0: what it may do beyond that. */
  capabilities?: readonly string[];
  /** Processes and threads at a time. */
  pids: number;
}

export { builderId } from './build-variation.ts';

const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const fileOwnerCapabilities = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER'];

/**
 * The OCI runtime configuration (runtime-spec 1.0.2) of a build jail that runs inside a user namespace of ours: that
 * is why it names none. The network namespace is new and holds a loopback device only. There is no sysfs: it would
 * show the host's devices. System calls are filtered as in a jail that declares none of its own.
 */
export function buildSpec(build: BuildProcess): object {
  const capabilities = build.uid === 0 ? [...fileOwnerCapabilities, ...(build.capabilities ?? [])] : [];
  return {
    ociVersion: '1.0.2',
    hostname: build.hostname ?? 'prodng',
    root: { path: 'rootfs' },
    process: {
      terminal: false,
      user: { uid: build.uid, gid: build.uid },
      args: build.argv,
      env: Object.entries(build.env).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
        { type: 'RLIMIT_NPROC', soft: build.pids, hard: build.pids },
      ],
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      tmpfs('/dev', ['nosuid', 'strictatime', 'mode=755', 'size=64k']),
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      tmpfs('/dev/shm', ['nosuid', 'noexec', 'nodev', 'mode=1777']),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network', 'cgroup'].map((type) => ({ type })),
      maskedPaths,
      readonlyPaths,
      seccomp: seccompFilter(['@system-service']),
    },
  };
}

function tmpfs(destination: string, options: readonly string[]): object {
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}
