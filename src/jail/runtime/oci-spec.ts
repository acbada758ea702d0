import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { maskedPaths, readonlyPaths } from '../confine/proc-paths.ts';
import { seccompFilter } from '../confine/seccomp.ts';
import type { Account } from '../storage/account.ts';
import { tmpfsMode } from '../storage/mount-points.ts';
import type { UidRange } from '../storage/uid-range.ts';
import type { OciIdMapping, OciMount, OciResources, OciSpec } from './oci-types.ts';
import { runtimeFloor } from './runtime-floor.ts';

/** What a specification needs beside the declaration. All paths are the host's. */
export interface SpecFacts {
  /** The jail's name; what is too long or not allowed in a host name is left out of that. */
  name: string;
  /** The read-only, idmapped rootfs. */
  rootfs: string;
  account: Account;
  range: UidRange;
  cgroupsPath: string;
  /** The runtime's name: its own system calls are allowed too. */
  runtime?: string;
  /** What runs instead of the declared command. */
  argv?: readonly string[];
  /** Whether the service gets a terminal of its own. */
  terminal?: boolean;
  /** Volumes and host files, made and mounted by us. */
  binds?: readonly JailBind[];
  /** Limits of block devices, by the numbers they have on this host. */
  blockIo?: OciResources['blockIO'];
}

/** A folder or file of the host that the jail sees. */
export interface JailBind {
  source: string;
  path: string;
  writable: boolean;
  /** Whether programs in it can be executed (default: no). */
  executable?: boolean;
}

/** Of a tmpfs: even a small one may hold many empty files. */
const leastInodes = 1024;

/** cgroups count CPU time in periods of 100 ms. */
const cpuPeriod = 100_000;

/**
 * The OCI configuration of a jail, from its declaration alone and what this host adds: pure, so that it can be shown
 * before anything is run. OCI runtime specification 1.0.2.
 */
export function ociSpec(declaration: JailDeclaration, facts: SpecFacts): OciSpec {
  const mapping = [idMapping(facts.range)];
  return {
    ociVersion: '1.0.2',
    hostname: hostName(facts.name),
    process: {
      terminal: facts.terminal ?? false,
      user: {
        uid: facts.account.uid,
        gid: facts.account.gid,
        additionalGids: facts.account.additionalGids,
        umask: 0o022,
      },
      args: [...(facts.argv ?? declaration.command)],
      env: environment(declaration, facts),
      cwd: declaration.workdir,
      capabilities: capabilitySets(declaration.capabilities, facts.account.uid),
      rlimits: [
        // a core dump would be written by a handler outside the jail
        { type: 'RLIMIT_CORE', hard: 0, soft: 0 },
        { type: 'RLIMIT_NOFILE', hard: 4096, soft: 1024 },
      ],
      noNewPrivileges: true,
    },
    root: { path: facts.rootfs, readonly: true },
    mounts: mounts(declaration, facts),
    linux: {
      namespaces: (['user', 'pid', 'mount', 'ipc', 'uts', 'network', 'cgroup'] as const).map((type) => ({
        type,
      })),
      uidMappings: mapping,
      gidMappings: mapping,
      // the jail's own network has no ports that need a privilege
      sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0' },
      cgroupsPath: facts.cgroupsPath,
      resources: resources(declaration, facts),
      seccomp: seccompFilter(declaration.syscalls, runtimeFloor(facts.runtime ?? '')),
      maskedPaths: [...maskedPaths],
      readonlyPaths: [...readonlyPaths],
      rootfsPropagation: 'private',
    },
    annotations: { 'org.prodng.jail': facts.name },
  };
}

function idMapping({ first, count }: UidRange): OciIdMapping {
  return { containerID: 0, hostID: first, size: count };
}

/** RFC 1123: letters, digits and -, at most 63. */
function hostName(name: string): string {
  const label = name.replace(/[^a-z0-9-]/g, '-').slice(0, 63);
  return label.replace(/-+$/, '') || 'jail';
}

/** Exactly the declared ones. A user that is not root keeps them over execve(2) only in the ambient set. */
function capabilitySets(declared: readonly string[], uid: number): OciSpec['process']['capabilities'] {
  const names = [...declared];
  return {
    bounding: names,
    effective: names,
    permitted: names,
    inheritable: names,
    ambient: uid === 0 ? [] : names,
  };
}

function environment(declaration: JailDeclaration, { account, terminal }: SpecFacts): string[] {
  const variables = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: account.home,
    USER: account.name,
    LANG: 'C.UTF-8',
    ...(terminal === true ? { TERM: 'xterm' } : {}),
    ...declaration.environment,
  };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function mounts(declaration: JailDeclaration, facts: SpecFacts): OciMount[] {
  const list: OciMount[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec'] },
    // read-only once the runtime has put the devices there
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=64k', 'ro'],
    },
  ];
  if (facts.terminal === true)
    list.push({
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    });
  for (const mount of declaration.filesystem) {
    if (mount.kind === 'tmp') list.push(tmpfs(mount.path, mount.size, facts.account));
  }
  for (const bind of facts.binds ?? [])
    list.push({
      destination: bind.path,
      type: 'bind',
      source: bind.source,
      options: ['bind', ...bindOptions(bind)],
    });
  return list;
}

/** What must be in force for a bind, in the words of mountinfo. */
export function bindOptions({ writable, executable }: JailBind): string[] {
  return [writable ? 'rw' : 'ro', 'nosuid', 'nodev', ...(executable === true ? [] : ['noexec'])];
}

function tmpfs(path: string, size: number, { uid, gid }: Account): OciMount {
  const mode = tmpfsMode(path);
  const owner = mode === 0o1777 ? [] : [`uid=${uid}`, `gid=${gid}`];
  // the kernel's own default is one for each two pages of the machine's memory
  const inodes = `nr_inodes=${Math.max(leastInodes, Math.ceil(size / 4096))}`;
  const options = ['nosuid', 'nodev', 'noexec', `size=${size}`, inodes, `mode=${mode.toString(8)}`, ...owner];
  return { destination: path, type: 'tmpfs', source: 'tmpfs', options };
}

function resources(declaration: JailDeclaration, { blockIo }: SpecFacts): OciResources {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    // memory and swap together: none of it is swap
    memory: { limit: declaration.memory, swap: declaration.memory },
    cpu: { quota: (declaration.cpu * cpuPeriod) / 100, period: cpuPeriod },
    pids: { limit: declaration.pids },
    ...(blockIo === undefined ? {} : { blockIO: blockIo }),
  };
}
