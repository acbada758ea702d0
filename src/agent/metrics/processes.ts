import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { type ObservedFigures, processFiguresSchema } from '../observation/figures.ts';

/** A process of a jail. */
export const processSchema = z
  .object({
    /** As the host counts, and as the jail does. */
    pid: z.number().int(),
    jailPid: z.number().int(),
    /** As the host counts. */
    uid: z.number().int(),
    /** R, S, D, Z, ..., proc_pid_stat(5). */
    state: z.string(),
    threads: z.number().int(),
    files: z.number().int(),
    /** Bytes. */
    resident: z.number(),
    /** ms of CPU time. */
    cpu: z.number(),
    /** ms that its first thread could have run and had no CPU. */
    waited: z.number(),
    /** Bytes of block devices. */
    read: z.number(),
    written: z.number(),
    command: z.string(),
    /** What the kernel counted of it; absent when the jail is not observed. */
    observed: processFiguresSchema.optional(),
  })
  .meta({ id: 'Process' });

export type JailProcess = z.infer<typeof processSchema>;

/** USER_HZ: 100 for every program on Linux, time(7). */
const ticksPerSecond = 100;

/** What was counted of a process of a run. */
export type Figures = (pid: number) => ObservedFigures | undefined;

/** All processes of a run, by the kernel's list. */
export function readProcesses(
  { cgroup, cgroups }: Pick<RunRecord, 'cgroup' | 'cgroups'>,
  figures: Figures = () => undefined,
): JailProcess[] {
  return processListOf({ cgroup, cgroups }).flatMap((pid) => readProcess(pid, figures) ?? []);
}

/** The pids of a run's processes, as the host counts. */
export function processListOf({ cgroup, cgroups }: Pick<RunRecord, 'cgroup' | 'cgroups'>): number[] {
  const folder = cgroups === 'v2' ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
  return read(join(folder, cgroup, 'cgroup.procs'))
    .split('\n')
    .filter(Boolean)
    .map(Number);
}

/** @returns undefined when it has just ended */
function readProcess(pid: number, figures: Figures): JailProcess | undefined {
  const status = read(`/proc/${pid}/status`);
  const stat = read(`/proc/${pid}/stat`);
  if (status === '' || stat === '') return undefined;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  const times = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(times[11] ?? 0) + Number(times[12] ?? 0);
  const io = read(`/proc/${pid}/io`);
  const command = read(`/proc/${pid}/cmdline`).replace(/\0$/, '').replaceAll('\0', ' ');
  const observed = figures(pid);
  return {
    pid,
    jailPid: Number(field('NSpid').split(/\s+/).at(-1) ?? pid),
    uid: Number(field('Uid').split(/\s+/)[0] ?? 0),
    state: times[0] ?? '?',
    threads: Number(field('Threads') || 0),
    files: countFiles(pid),
    resident: Number.parseInt(field('VmRSS') || '0', 10) * 1024,
    cpu: (ticks * 1000) / ticksPerSecond,
    waited: Number(read(`/proc/${pid}/schedstat`).split(' ')[1] ?? 0) / 1e6,
    read: Number(/^read_bytes: (\d+)$/m.exec(io)?.[1] ?? 0),
    written: Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? 0),
    command: command === '' ? `[${field('Name')}]` : command,
    ...(observed === undefined ? {} : { observed }),
  };
}

function countFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
