import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { type ObservedFigures, processFiguresSchema } from '../observation/figures.ts';
import { type Figures, processSchema, readProcesses } from './processes.ts';

/** What a run has used so far; rates come of two of them. */
export const statsSchema = z
  .object({
    name: z.string(),
    /** ms since 1970. */
    time: z.number(),
    /** µs of all CPUs. */
    cpu: z.number(),
    /** Bytes. */
    memory: z.number(),
    memoryPeak: z.number().optional(),
    memoryLimit: z.number().optional(),
    /** Percent of one CPU. */
    cpuLimit: z.number().optional(),
    pids: z.number().int(),
    /** Of threads, as the kernel counts. */
    pidsLimit: z.number().int().optional(),
    threads: z.number().int(),
    files: z.number().int(),
    /** Bytes of block devices. */
    read: z.number(),
    written: z.number(),
    /** Bytes of the jail's own interfaces, without lo. */
    received: z.number(),
    sent: z.number(),
    /** Percent of the last 10 s that some process waited; cgroup v2 only. */
    pressure: z.object({ cpu: z.number(), memory: z.number(), io: z.number() }).optional(),
    processes: z.array(processSchema).optional(),
    /** What the kernel counted of all processes of the run; absent when it is not observed. */
    observed: processFiguresSchema.optional(),
  })
  .meta({ id: 'Stats' });

export type Stats = z.infer<typeof statsSchema>;

const top = '/sys/fs/cgroup';

/** What was counted of a run, and a function that gives what was counted of each process. */
export interface Observed {
  run: ObservedFigures | undefined;
  process: Figures;
}

/** Reads the kernel's figures of a run. A file that is not there, as on another kind of host, counts nothing. */
export function readStats(record: RunRecord, observed?: Observed, withProcesses = false): Stats {
  const processes = readProcesses(record, withProcesses ? observed?.process : undefined);
  return {
    name: record.name,
    time: Date.now(),
    ...readUsage(record),
    ...(record.cgroups === 'v2' ? limitsV2(record.cgroup) : limitsV1(record.cgroup)),
    pids: processes.length,
    threads: sum(processes.map(({ threads }) => threads)),
    files: sum(processes.map(({ files }) => files)),
    ...(withProcesses ? { processes } : {}),
    ...(observed?.run === undefined ? {} : { observed: observed.run }),
  };
}

/** The figures that are read each second: a few files whatever the number of processes. */
export type CgroupUsage = Pick<Stats, 'cpu' | 'memory' | 'read' | 'written' | 'received' | 'sent'>;

export function readUsage({ cgroups, cgroup, pid = 0 }: RunRecord): CgroupUsage {
  return { ...(cgroups === 'v2' ? usageV2(cgroup) : usageV1(cgroup)), ...networkOf(pid) };
}

type CgroupLimits = Pick<Stats, 'memoryPeak' | 'memoryLimit' | 'cpuLimit' | 'pidsLimit' | 'pressure'>;

function usageV2(cgroup: string): Omit<CgroupUsage, 'received' | 'sent'> {
  const io = v2(cgroup, 'io.stat');
  return {
    cpu: Number(/^usage_usec (\d+)$/m.exec(v2(cgroup, 'cpu.stat'))?.[1] ?? 0),
    memory: Number(v2(cgroup, 'memory.current') || 0),
    read: sum([...io.matchAll(/rbytes=(\d+)/g)].map(([, bytes]) => Number(bytes))),
    written: sum([...io.matchAll(/wbytes=(\d+)/g)].map(([, bytes]) => Number(bytes))),
  };
}

function limitsV2(cgroup: string): CgroupLimits {
  const peak = limit(v2(cgroup, 'memory.peak'));
  const most = limit(v2(cgroup, 'memory.max'));
  return {
    ...(peak === undefined ? {} : { memoryPeak: peak }),
    ...(most === undefined ? {} : { memoryLimit: most }),
    ...cpuAndPids(v2(cgroup, 'cpu.max'), v2(cgroup, 'pids.max')),
    pressure: {
      cpu: pressure(v2(cgroup, 'cpu.pressure')),
      memory: pressure(v2(cgroup, 'memory.pressure')),
      io: pressure(v2(cgroup, 'io.pressure')),
    },
  };
}

function usageV1(cgroup: string): Omit<CgroupUsage, 'received' | 'sent'> {
  const io = v1(cgroup, 'blkio', 'blkio.throttle.io_service_bytes');
  return {
    cpu: Math.round(Number(v1(cgroup, 'cpuacct', 'cpuacct.usage') || 0) / 1000),
    memory: Number(v1(cgroup, 'memory', 'memory.usage_in_bytes') || 0),
    read: sum([...io.matchAll(/ Read (\d+)$/gm)].map(([, bytes]) => Number(bytes))),
    written: sum([...io.matchAll(/ Write (\d+)$/gm)].map(([, bytes]) => Number(bytes))),
  };
}

/** @param quota of CPU time and its period in µs, as cpu.max has them; `max` and -1 are no limit */
function cpuAndPids(quota: string, pidsMax: string): Pick<Stats, 'cpuLimit' | 'pidsLimit'> {
  const [, time, period] = /^(\d+) (\d+)\s*$/.exec(quota) ?? [];
  const pidsLimit = limit(pidsMax);
  return {
    ...(time === undefined || period === undefined
      ? {}
      : { cpuLimit: Math.round((Number(time) / Number(period)) * 100) }),
    ...(pidsLimit === undefined ? {} : { pidsLimit }),
  };
}

function limitsV1(cgroup: string): CgroupLimits {
  const peak = limit(v1(cgroup, 'memory', 'memory.max_usage_in_bytes'));
  const most = limit(v1(cgroup, 'memory', 'memory.limit_in_bytes'));
  return {
    ...(peak === undefined ? {} : { memoryPeak: peak }),
    ...(most === undefined ? {} : { memoryLimit: most }),
    ...cpuAndPids(
      `${v1(cgroup, 'cpu', 'cpu.cfs_quota_us').trim()} ${v1(cgroup, 'cpu', 'cpu.cfs_period_us')}`,
      v1(cgroup, 'pids', 'pids.max'),
    ),
  };
}

function v2(cgroup: string, name: string): string {
  return read(join(top, cgroup, name));
}

function v1(cgroup: string, controller: string, name: string): string {
  return read(join(top, controller, cgroup, name));
}

/** proc_pid_net(5): the namespace of the process is the jail's. */
function networkOf(pid: number): Pick<Stats, 'received' | 'sent'> {
  const lines = read(`/proc/${pid}/net/dev`).split('\n').slice(2);
  const links = lines
    .map((line) => line.trim().split(/[:\s]+/))
    .filter(([link]) => link !== undefined && link !== '' && link !== 'lo');
  return {
    received: sum(links.map((fields) => Number(fields[1] ?? 0))),
    sent: sum(links.map((fields) => Number(fields[9] ?? 0))),
  };
}

function pressure(text: string): number {
  return Number(/^some avg10=([\d.]+)/m.exec(text)?.[1] ?? 0);
}

function limit(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
