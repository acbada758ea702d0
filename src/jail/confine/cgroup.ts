import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import type { CgroupMode } from '../runtime/runtime.ts';
import { readIo } from './block-io.ts';

/** The limits of a control group, as its files say; undefined where there is none in force. */
export interface CgroupLimits {
  /** Its path, the same in every hierarchy that matters; undefined when they differ. */
  path: string | undefined;
  /** Bytes. */
  memory: number | undefined;
  /** Bytes of swap beside the memory. */
  swap: number | undefined;
  /** Percent of one CPU. */
  cpu: number | undefined;
  pids: number | undefined;
  /** Limits of block devices, as declaredIo writes them. */
  io: string[];
}

const mountPoint = '/sys/fs/cgroup';
/** The v1 hierarchies that our limits are in. */
const controllers = ['memory', 'cpu', 'pids', 'devices', 'freezer'] as const;

/**
 * Reads the limits of the control group that a process is in.
 *
 * @param text its /proc/PID/cgroup, cgroups(7)
 */
export function readCgroupLimits(text: string, mode: CgroupMode): CgroupLimits {
  const paths = parseProcCgroup(text);
  return mode === 'v2' ? limitsV2(paths.get('') ?? '/') : limitsV1(paths);
}

/** Controller to path; the v2 hierarchy is under ''. */
export function parseProcCgroup(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    for (const controller of match?.[1]?.split(',') ?? []) paths.set(controller, match?.[2] ?? '');
  }
  return paths;
}

function limitsV2(path: string): CgroupLimits {
  const read = (file: string) => readFile(join(mountPoint, path, file));
  const [quota, period] = read('cpu.max')?.split(' ') ?? [];
  return {
    path,
    memory: limitOf(read('memory.max')),
    swap: limitOf(read('memory.swap.max')),
    cpu: percent(quota, period),
    pids: limitOf(read('pids.max')),
    io: readIo('v2', read),
  };
}

function limitsV1(paths: ReadonlyMap<string, string>): CgroupLimits {
  const read = (controller: string, file: string) =>
    readFile(join(mountPoint, controller, paths.get(controller) ?? '/', file));
  const places = new Set(controllers.map((controller) => paths.get(controller)));
  const memory = limitOf(read('memory', 'memory.limit_in_bytes'));
  const both = limitOf(read('memory', 'memory.memsw.limit_in_bytes'));
  return {
    path: places.size === 1 ? [...places][0] : undefined,
    memory,
    swap: memory === undefined || both === undefined ? undefined : both - memory,
    cpu: percent(read('cpu', 'cpu.cfs_quota_us'), read('cpu', 'cpu.cfs_period_us')),
    pids: limitOf(read('pids', 'pids.max')),
    io: readIo('v1', (file) => read('blkio', file)),
  };
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // the kernel has no such control, so that no such limit is in force
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function limitOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function percent(quota: string | undefined, period: string | undefined): number | undefined {
  const [used, whole] = [limitOf(quota), limitOf(period)];
  return used === undefined || whole === undefined ? undefined : (used * 100) / whole;
}

/** The folders of one of our control groups: one on v2, one a hierarchy on v1. */
function foldersOf(path: string, mode: CgroupMode): string[] {
  if (mode === 'v2') return [join(mountPoint, path)];
  return readdirSync(mountPoint).map((controller) => join(mountPoint, controller, path));
}

/**
 * Kills whatever is in a control group, frozen or not.
 *
 * A frozen task of v1 does not die before it is thawed; v2 has no such trap, and kills the whole group at once.
 */
export function killCgroup(path: string, mode: CgroupMode): void {
  if (mode === 'v2') {
    tryWrite(join(mountPoint, path, 'cgroup.kill'), '1');
    return;
  }
  tryWrite(join(mountPoint, 'freezer', path, 'freezer.state'), 'THAWED');
  for (const folder of foldersOf(path, mode)) {
    for (const pid of pidsOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (errnoOf(error) !== 'ESRCH') throw error;
      }
    }
  }
}

function pidsOf(folder: string): number[] {
  return (readFile(join(folder, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number);
}

/** Removes a control group; dying processes keep it for some ms. Gives up after 5 s: the next sweep tries again. */
export async function removeCgroup(path: string, mode: CgroupMode): Promise<void> {
  let left = foldersOf(path, mode).filter((folder) => !isRemoved(folder));
  if (left.length === 0) return;
  const end = performance.now() + 5000;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    left = left.filter((folder) => !isRemoved(folder));
    if (left.length === 0 || performance.now() > end) return;
    killCgroup(path, mode);
    await sleep(wait);
  }
}

function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    // symbolic links such as cpu -> cpu,cpuacct, and hierarchies that the runtime did not use
    if (code === 'ENOENT' || code === 'ENOTDIR') return true;
    if (code === 'EBUSY') return false;
    throw error;
  }
}

function tryWrite(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) throw error;
  }
}
