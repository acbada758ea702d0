import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
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
  })
  .meta({ id: 'Stats' });

export type Stats = z.infer<typeof statsSchema>;

const top = '/sys/fs/cgroup';

/** Reads the kernel's figures of a run. A file that is not there, as on another kind of host, counts nothing. */
export function readStats(record: RunRecord, withProcesses = false, figures?: Figures): Stats {
  const processes = readProcesses(record, withProcesses ? figures : undefined);
  return {
    name: record.name,
    time: Date.now(),
    ...(record.cgroups === 'v2' ? statsV2(record.cgroup) : statsV1(record.cgroup)),
    pids: processes.length,
    threads: sum(processes.map(({ threads }) => threads)),
    files: sum(processes.map(({ files }) => files)),
    ...networkOf(record.pid ?? 0),
    ...(withProcesses ? { processes } : {}),
  };
}

type CgroupStats = Pick<
  Stats,
  'cpu' | 'memory' | 'memoryPeak' | 'memoryLimit' | 'cpuLimit' | 'pidsLimit' | 'read' | 'written' | 'pressure'
>;

function statsV2(cgroup: string): CgroupStats {
  const file = (name: string) => read(join(top, cgroup, name));
  const io = file('io.stat');
  const peak = limit(file('memory.peak'));
  const most = limit(file('memory.max'));
  return {
    cpu: Number(/^usage_usec (\d+)$/m.exec(file('cpu.stat'))?.[1] ?? 0),
    memory: Number(file('memory.current') || 0),
    ...(peak === undefined ? {} : { memoryPeak: peak }),
    ...(most === undefined ? {} : { memoryLimit: most }),
    ...cpuAndPids(file('cpu.max'), file('pids.max')),
    read: sum([...io.matchAll(/rbytes=(\d+)/g)].map(([, bytes]) => Number(bytes))),
    written: sum([...io.matchAll(/wbytes=(\d+)/g)].map(([, bytes]) => Number(bytes))),
    pressure: {
      cpu: pressure(file('cpu.pressure')),
      memory: pressure(file('memory.pressure')),
      io: pressure(file('io.pressure')),
    },
  };
}

function statsV1(cgroup: string): CgroupStats {
  const file = (controller: string, name: string) => read(join(top, controller, cgroup, name));
  const io = file('blkio', 'blkio.throttle.io_service_bytes');
  const peak = limit(file('memory', 'memory.max_usage_in_bytes'));
  const most = limit(file('memory', 'memory.limit_in_bytes'));
  return {
    cpu: Math.round(Number(file('cpuacct', 'cpuacct.usage') || 0) / 1000),
    memory: Number(file('memory', 'memory.usage_in_bytes') || 0),
    ...(peak === undefined ? {} : { memoryPeak: peak }),
    ...(most === undefined ? {} : { memoryLimit: most }),
    ...cpuAndPids(
      `${file('cpu', 'cpu.cfs_quota_us').trim()} ${file('cpu', 'cpu.cfs_period_us')}`,
      file('pids', 'pids.max'),
    ),
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
