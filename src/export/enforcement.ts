import type { JailDeclaration } from '../control/jail-declaration.ts';
import { numberedDevices } from './io-limits.ts';

/** What `prodng export` can write. */
export const exportFormats = ['oci', 'docker-archive', 'kubernetes', 'compose', 'quadlet'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** Whether an engine enforces a declaration: `weaker` is less than ProdNG does, `lost` is nothing. */
export type Status = 'enforced' | 'weaker' | 'lost';

export interface Enforcement {
  status: Status;
  /** By what means, or what is missing. */
  note: string;
}

/** A declaration, or a rule that holds for every jail, and what becomes of it in each format. */
export interface EnforcementRow {
  /** What --accept-loss calls it: a field without its prefix, or a rule's own name. */
  name: string;
  /** What ProdNG itself does. */
  rule: string;
  /** Whether the jail declares it at all (default: every jail does). */
  applies?: (declaration: JailDeclaration) => boolean;
  formats: Readonly<Record<ExportFormat, Enforcement | ((declaration: JailDeclaration) => Enforcement)>>;
}

const enforced = (note: string): Enforcement => ({ status: 'enforced', note });
const weaker = (note: string): Enforcement => ({ status: 'weaker', note });
const lost = (note: string): Enforcement => ({ status: 'lost', note });

/** An image says how a service is started; what limits it is said when it is started. */
const notInImage = lost('an image has no place for it: give it to the engine yourself');

function images(cell: Enforcement): { oci: Enforcement; 'docker-archive': Enforcement } {
  return { oci: cell, 'docker-archive': cell };
}

const hasKind = (kind: 'rw' | 'tmp' | 'ro') => (declaration: JailDeclaration) =>
  declaration.filesystem.some((mount) => mount.kind === kind);

const onNetwork = ({ network }: JailDeclaration): boolean => network === 'macvlan';

function connectInKubernetes({ connect }: JailDeclaration): Enforcement {
  const names = connect.flatMap((rule) => (rule.kind === 'host' && !isAddress(rule.host) ? [rule.host] : []));
  if (names.length > 0) return lost(`a NetworkPolicy knows addresses only: ${names.join(', ')}`);
  return weaker('an egress NetworkPolicy: in force only where the CNI plugin enforces NetworkPolicies');
}

/** An IPv4 or IPv6 address or block, as Jail-Connect has passed its parser. */
export function isAddress(host: string): boolean {
  return /^[0-9.]+(?:\/\d+)?$/.test(host) || host.includes(':');
}

function healthByCommand({ health }: JailDeclaration): Enforcement {
  if (health?.kind === 'command') return enforced('the health command, run inside');
  return lost('the engine has no HTTP or TCP check, and the jail has no client for one');
}

function restartInKubernetes({ restart }: JailDeclaration): Enforcement {
  if (restart.policy === 'no') return enforced('a Job without retries');
  if (restart.policy === 'always')
    return weaker("a Deployment; the delay is the kubelet's, from 10 s to 5 min");
  return weaker('a Deployment restarts after success too');
}

function ioByPath(how: string): (declaration: JailDeclaration) => Enforcement {
  return (declaration) => {
    const numbered = numberedDevices(declaration);
    if (numbered.length === 0) return enforced(how);
    return lost(`the engine takes paths of devices, not numbers: ${numbered.join(', ')}`);
  };
}

function requiredSecrets(how: string): (declaration: JailDeclaration) => Enforcement {
  return ({ credentials }) => {
    const optional = credentials.filter(({ required }) => !required).map(({ name }) => name);
    if (optional.length === 0) return weaker(how);
    return lost(
      `the engine starts nothing without its secrets; add what is optional yourself: ${optional.join(', ')}`,
    );
  };
}

const profile = 'the seccomp profile, a file that is exported';

/** Every declaration in every format, in the order in which it is printed. docs/fleet.md has it as a table. */
export const enforcementTable: readonly EnforcementRow[] = [
  {
    name: 'Command',
    rule: 'command, working directory and environment are those declared',
    formats: {
      ...images(enforced('in the configuration of the image')),
      kubernetes: enforced('command, workingDir, env'),
      compose: enforced('entrypoint, working_dir, environment'),
      quadlet: enforced('in the configuration of the image'),
    },
  },
  {
    name: 'User',
    rule: 'the process has the declared uid and gid',
    formats: {
      ...images(enforced('in the configuration of the image')),
      kubernetes: enforced('runAsUser, runAsGroup'),
      compose: enforced('user'),
      quadlet: enforced('User, Group'),
    },
  },
  {
    name: 'Root-Mapping',
    rule: "the jail's root is an unprivileged uid of the host, another for each jail",
    formats: {
      ...images(notInImage),
      kubernetes: enforced('hostUsers: false; a node that cannot do it does not start the pod'),
      compose: lost('docker maps users for the whole daemon only (userns-remap)'),
      quadlet: enforced('UserNS=auto'),
    },
  },
  {
    name: 'No-New-Privileges',
    rule: 'no program gains rights by set-id bits or file capabilities',
    formats: {
      ...images(notInImage),
      kubernetes: enforced('allowPrivilegeEscalation: false'),
      compose: enforced('no-new-privileges'),
      quadlet: enforced('NoNewPrivileges'),
    },
  },
  {
    name: 'Read-Only-Root',
    rule: 'the root file system is read-only',
    formats: {
      ...images(notInImage),
      kubernetes: enforced('readOnlyRootFilesystem'),
      compose: enforced('read_only'),
      quadlet: enforced('ReadOnly'),
    },
  },
  {
    name: 'Capabilities',
    rule: 'no capability but those declared',
    formats: {
      ...images(notInImage),
      kubernetes: enforced('drop ALL, add those declared'),
      compose: enforced('cap_drop ALL, cap_add'),
      quadlet: enforced('DropCapability=all, AddCapability'),
    },
  },
  {
    name: 'Syscalls',
    rule: 'only the declared system calls; no new namespaces, no sockets of unusual families',
    formats: {
      ...images(notInImage),
      kubernetes: enforced(`${profile} and must be on every node; without it the pod does not start`),
      compose: enforced(profile),
      quadlet: enforced(profile),
    },
  },
  {
    name: 'Memory',
    rule: 'the limit counts memory and swap',
    formats: {
      ...images(notInImage),
      kubernetes: weaker('limits.memory; swap is not counted where the node has some'),
      compose: enforced('mem_limit, memswap_limit'),
      quadlet: enforced('--memory, --memory-swap'),
    },
  },
  {
    name: 'Cpu',
    rule: 'a quota of CPU time',
    formats: {
      ...images(notInImage),
      kubernetes: enforced('limits.cpu'),
      compose: enforced('cpus'),
      quadlet: enforced('--cpus'),
    },
  },
  {
    name: 'Pids',
    rule: 'a limit of processes and threads',
    formats: {
      ...images(notInImage),
      kubernetes: lost('no field of a pod; podPidsLimit of the kubelet is for all pods of a node'),
      compose: enforced('pids_limit'),
      quadlet: enforced('--pids-limit'),
    },
  },
  {
    name: 'Io',
    rule: 'limits for block devices of the host',
    applies: ({ io }) => io.length > 0,
    formats: {
      ...images(notInImage),
      kubernetes: lost('no field of a pod'),
      compose: ioByPath('blkio_config'),
      quadlet: ioByPath('--device-read-bps and the like'),
    },
  },
  {
    name: 'Tmp',
    rule: 'tmp mounts have their size, and nothing in them is executed',
    applies: hasKind('tmp'),
    formats: {
      ...images(notInImage),
      kubernetes: weaker('emptyDir in memory with a sizeLimit; programs in it can be executed'),
      compose: enforced('tmpfs'),
      quadlet: enforced('Tmpfs'),
    },
  },
  {
    name: 'Volumes',
    rule: 'rw mounts persist, have their size, and nothing in them is executed',
    applies: hasKind('rw'),
    formats: {
      ...images(weaker('an anonymous volume, without a limit')),
      kubernetes: weaker(
        'a PersistentVolumeClaim: what its class makes of the size; programs in it can be executed',
      ),
      compose: weaker('a named volume, without a limit'),
      quadlet: weaker('a named volume, without a limit; nothing in it is executed'),
    },
  },
  {
    name: 'Host-Paths',
    rule: 'ro mounts show paths of the host, read-only',
    applies: hasKind('ro'),
    formats: {
      ...images(notInImage),
      kubernetes: lost('a hostPath is refused by the baseline and restricted Pod Security Standards'),
      compose: enforced('a bind mount, read-only'),
      quadlet: enforced('a bind mount, read-only'),
    },
  },
  {
    name: 'Network',
    rule: 'none: no network; loopback: only its own; macvlan: an address of its own',
    formats: {
      ...images(notInImage),
      kubernetes: ({ network }) =>
        network === 'macvlan'
          ? weaker("the cluster's network instead of an address on the host's")
          : weaker('a NetworkPolicy that denies all: in force only where the CNI plugin enforces it'),
      compose: ({ network }) =>
        network === 'macvlan' ? weaker("the project's bridge") : enforced('network_mode: none'),
      quadlet: ({ network }) =>
        network === 'macvlan' ? weaker("podman's bridge") : enforced('Network=none'),
    },
  },
  {
    name: 'Listen',
    rule: 'only the declared ports are reached from outside',
    applies: onNetwork,
    formats: {
      ...images(notInImage),
      kubernetes: weaker('an ingress NetworkPolicy: in force only where the CNI plugin enforces it'),
      compose: weaker('other ports are reached from the same bridge'),
      quadlet: weaker('other ports are reached from the same bridge'),
    },
  },
  {
    name: 'Connect',
    rule: 'only the declared hosts and ports are reached from inside',
    applies: (declaration) =>
      onNetwork(declaration) && !declaration.connect.some(({ kind }) => kind === 'any'),
    formats: {
      ...images(notInImage),
      kubernetes: connectInKubernetes,
      compose: lost('no rules for what is reached from inside'),
      quadlet: lost('no rules for what is reached from inside'),
    },
  },
  {
    name: 'Health',
    rule: 'a service that does not answer is restarted',
    applies: ({ health }) => health !== undefined,
    formats: {
      ...images(notInImage),
      kubernetes: enforced('livenessProbe and readinessProbe'),
      compose: healthByCommand,
      quadlet: healthByCommand,
    },
  },
  {
    name: 'Restart',
    rule: 'a service that ends is started again as declared',
    formats: {
      ...images(notInImage),
      kubernetes: restartInKubernetes,
      compose: weaker("restart; the delay is the engine's own"),
      quadlet: enforced('Restart, RestartSec of systemd'),
    },
  },
  {
    name: 'Settings',
    rule: "an operator's value must match its pattern",
    applies: ({ settings }) => settings.length > 0,
    formats: {
      ...images(weaker('the defaults are variables of the image; the engine takes any value')),
      kubernetes: weaker('a ConfigMap, read as variables; any value is taken'),
      compose: weaker('variables of compose, as in .env; any value is taken'),
      quadlet: weaker('Environment; any value is taken'),
    },
  },
  {
    name: 'Credentials',
    rule: 'secrets are files in memory that only the service reads; without a required one it does not start',
    applies: ({ credentials }) => credentials.length > 0,
    formats: {
      ...images(notInImage),
      kubernetes: weaker(
        'a Secret that the operator makes: also in the store of the cluster, and readable by the group',
      ),
      compose: requiredSecrets('secrets: plain files beside the project'),
      quadlet: requiredSecrets('Secret of podman: also in the storage of podman'),
    },
  },
  {
    name: 'Configuration',
    rule: 'an operator may replace these files, and no others',
    applies: ({ configuration }) => configuration.length > 0,
    formats: {
      ...images(weaker("the package's own files; a bind mount may replace any file")),
      kubernetes: enforced("a ConfigMap with the package's own files, mounted over them"),
      compose: enforced("configs with the package's own files"),
      quadlet: enforced("copies of the package's own files, mounted over them"),
    },
  },
  {
    name: 'Prepare',
    rule: 'a command that runs once for each new volume, before the service',
    applies: ({ prepare }) => prepare !== undefined,
    formats: {
      ...images(notInImage),
      kubernetes: lost('an init container runs before every start: prepare the volume yourself'),
      compose: lost('no step before the first start: prepare the volume yourself'),
      quadlet: lost('no step before the first start: prepare the volume yourself'),
    },
  },
  {
    name: 'Stop',
    rule: 'the declared signal, then SIGKILL after the declared time',
    formats: {
      ...images(weaker('the signal; the time is to be given to the engine')),
      kubernetes: enforced('terminationGracePeriodSeconds; the signal from the image'),
      compose: enforced('stop_signal, stop_grace_period'),
      quadlet: enforced('--stop-timeout; the signal from the image'),
    },
  },
];

/** Where `podman play kube` of podman 4.3 does less with the Kubernetes manifests than Kubernetes. */
export const playKube: Readonly<Record<string, Enforcement>> = {
  Syscalls: lost('it reads a Localhost profile from an annotation only, which Kubernetes warns of'),
  Tmp: lost('an emptyDir is a plain volume: on disk, without a limit'),
};

/** What becomes of one declaration of a jail. */
export interface EnforcedDeclaration extends Enforcement {
  name: string;
}

/** What becomes of everything that a jail declares, in the order of the table. */
export function enforcementOf(declaration: JailDeclaration, format: ExportFormat): EnforcedDeclaration[] {
  return enforcementTable
    .filter(({ applies }) => applies === undefined || applies(declaration))
    .map(({ name, formats }) => {
      const cell = formats[format];
      return { name, ...(typeof cell === 'function' ? cell(declaration) : cell) };
    });
}
