import { readdirSync, readFileSync } from 'node:fs';

/** What a process has and has used, proc_pid_status(5) and proc_pid_stat(5). */
export interface ProcessFigures {
  /** Bytes in memory. */
  resident: number;
  files: number;
  threads: number;
  /** ms of CPU time, its threads' too. */
  cpu: number;
}

/** USER_HZ: 100 for every program on Linux, time(7). */
const msPerTick = 10;

export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const times = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    resident: field('VmRSS') * 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
    cpu: (Number(times[11]) + Number(times[12])) * msPerTick,
  };
}

/** How much the values grow from one to the next: the slope of the line with the least squares. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [above, below] = values.reduce(
    ([products, squares], value, index) => [
      products + (index - middle) * (value - mean),
      squares + (index - middle) ** 2,
    ],
    [0, 0],
  );
  return above / below;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
