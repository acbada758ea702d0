import { readFileSync, readlinkSync } from 'node:fs';
import type { CgroupMode } from '../runtime/runtime.ts';
import { type CgroupLimits, readCgroupLimits } from './cgroup.ts';
import { type MountInfo, parseMountinfo } from './mountinfo.ts';

/** What the kernel says of a process: never what we or the runtime believe we asked for. */
export interface InForce {
  /** `CapPrm`, `CapEff`, ... of proc_pid_status(5), as bit sets. */
  capabilities: Record<CapabilitySet, bigint>;
  noNewPrivileges: boolean;
  /** 0 none, 1 strict, 2 filter. */
  seccomp: number;
  /** Real, effective, saved and file system ids, as the host sees them. */
  uids: number[];
  gids: number[];
  groups: number[];
  uidMap: string;
  gidMap: string;
  mounts: MountInfo[];
  limits: CgroupLimits;
  /** Kinds of namespaces that it shares with us. */
  sharedNamespaces: string[];
  /** Soft and hard, in bytes, of /proc/PID/limits. */
  coreLimit: string;
}

export const capabilitySets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const;
export type CapabilitySet = (typeof capabilitySets)[number];

const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const;

/**
 * Reads what is in force for a process.
 *
 * @param pid a process of the jail, stopped so that nothing changes meanwhile
 * @throws a system error when it is gone
 */
export function readInForce(pid: number, cgroups: CgroupMode): InForce {
  const proc = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  const status = parseStatus(proc('status'));
  const field = (name: string) => status.get(name) ?? '';
  const ids = (name: string) => field(name).split(/\s+/).filter(Boolean).map(Number);
  const [inh, prm, eff, bnd, amb] = capabilitySets.map((name) => BigInt(`0x${field(name) || 'ffff'}`));
  return {
    capabilities: {
      CapInh: inh ?? -1n,
      CapPrm: prm ?? -1n,
      CapEff: eff ?? -1n,
      CapBnd: bnd ?? -1n,
      CapAmb: amb ?? -1n,
    },
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: Number(field('Seccomp') || 0),
    uids: ids('Uid'),
    gids: ids('Gid'),
    groups: ids('Groups'),
    uidMap: oneSpaced(proc('uid_map')),
    gidMap: oneSpaced(proc('gid_map')),
    mounts: parseMountinfo(proc('mountinfo')),
    limits: readCgroupLimits(proc('cgroup'), cgroups),
    sharedNamespaces: namespaces.filter(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
    ),
    coreLimit: oneSpaced(/^Max core file size(.*)bytes/m.exec(proc('limits'))?.[1] ?? 'unknown'),
  };
}

function parseStatus(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

function oneSpaced(text: string): string {
  return text
    .trim()
    .replace(/[^\S\n]+/g, ' ')
    .replace(/\n /g, '\n');
}
