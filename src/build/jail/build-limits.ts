import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';

/** What one build may use of the host. */
export interface BuildLimits {
  /** Bytes, those of its layer in memory included; no swap beside. */
  memory: number;
  /** Percent of one CPU; undefined for all of them, at half the weight of the host's other work. */
  cpu?: number;
  pids: number;
}

/** A fork bomb ends here; far more than any build asks for. */
export const mostProcesses = 4096;

/** Enough for a layer of half the memory and a compiler beside it; the rest is left to the host. */
export function defaultLimits(memory = totalmem()): BuildLimits {
  return { memory: Math.floor((memory * 3) / 4), pids: mostProcesses };
}

/** A control group for one build jail. */
export interface BuildCgroup {
  /** Files to which a process writes 0 to join, before it starts anything. */
  joins: string[];
  /** Kills what is left in it, and removes it. */
  remove: () => Promise<void>;
}

const mountPoint = '/sys/fs/cgroup';
const parent = 'prodng-builds';

/**
 * Makes a control group with limits, in cgroups(7) of either version. Only root can: the kernel gives an ordinary user a
 * subtree by delegation alone, which a login session does not have.
 *
 * @throws ProdngError HOST_LACKS when a limit cannot be put in force
 */
export function makeBuildCgroup(limits: BuildLimits): BuildCgroup {
  removeAbandoned();
  const name = join(parent, `${process.pid}-${randomBytes(6).toString('hex')}`);
  const isV2 = existsSync(join(mountPoint, 'cgroup.controllers'));
  const groups = isV2 ? [v2(name, limits)] : v1(name, limits);
  const made: string[] = [];
  try {
    for (const { folder, files, optional } of groups) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      made.push(folder);
      for (const [file, text] of files) writeFileSync(join(folder, file), text);
      for (const [file, text] of optional) writeIfThere(join(folder, file), text);
    }
  } catch (error) {
    for (const folder of made) rmdirSync(folder);
    throw new ProdngError('HOST_LACKS', `no control group for the build: ${reasonOf(error)}`, {
      cause: error,
      hint: 'the controllers memory, cpu and pids of cgroups(7) are needed; run: prodng doctor',
    });
  }
  return {
    joins: made.map((folder) => join(folder, 'cgroup.procs')),
    remove: () => removeAll(made),
  };
}

interface Group {
  folder: string;
  files: [name: string, text: string][];
  /** Files that only some kernels have: accounting of swap. */
  optional: [name: string, text: string][];
}

const period = 100_000;

function v1(name: string, { memory, cpu, pids }: BuildLimits): Group[] {
  const group = (controller: string, files: Group['files'], optional: Group['files'] = []): Group => ({
    folder: join(mountPoint, controller, name),
    files,
    optional,
  });
  const text = String(memory);
  return [
    group('memory', [['memory.limit_in_bytes', text]], [['memory.memsw.limit_in_bytes', text]]),
    group('cpu', [
      ['cpu.shares', '512'],
      ...(cpu === undefined ? [] : [['cpu.cfs_quota_us', String((cpu * period) / 100)] as [string, string]]),
    ]),
    group('pids', [['pids.max', String(pids)]]),
  ];
}

function v2(name: string, { memory, cpu, pids }: BuildLimits): Group {
  const controllers = '+memory +cpu +pids';
  writeFileSync(join(mountPoint, 'cgroup.subtree_control'), controllers);
  mkdirSync(join(mountPoint, parent), { recursive: true });
  writeFileSync(join(mountPoint, parent, 'cgroup.subtree_control'), controllers);
  return {
    folder: join(mountPoint, name),
    files: [
      ['memory.max', String(memory)],
      ['cpu.weight', '50'],
      ...(cpu === undefined ? [] : [['cpu.max', `${(cpu * period) / 100} ${period}`] as [string, string]]),
      ['pids.max', String(pids)],
    ],
    optional: [['memory.swap.max', '0']],
  };
}

function writeIfThere(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Removes the groups of prodngs that were killed. */
function removeAbandoned(): void {
  for (const place of ['', 'memory', 'cpu', 'pids']) {
    const folder = join(mountPoint, place, parent);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const pid = /^(\d+)-/.exec(name)?.[1];
      if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
      try {
        rmdirSync(join(folder, name));
      } catch {
        // its last processes are about to end, or another prodng was faster
      }
    }
  }
}

/** The jail's first process is dead by now, and everything in its pid namespace with it; it may take some ms to go. */
async function removeAll(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const end = performance.now() + 5000;
    for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
      try {
        rmdirSync(folder);
        break;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') break;
        if (errnoOf(error) !== 'EBUSY' || performance.now() > end) throw error;
      }
      for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        killIfThere(Number(pid));
      await sleep(wait);
    }
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
