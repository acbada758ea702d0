import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { libcFunction } from '../src/kernel/libc.ts';

const getrusage = libcFunction('int getrusage(int who, void *usage)');
const RUSAGE_CHILDREN = -1;

/** CPU time of all our children that have ended, and of theirs, in ms: getrusage(2), user and system. */
export function childrenCpu(): number {
  const usage = Buffer.alloc(144);
  getrusage(RUSAGE_CHILDREN, usage);
  const [seconds, microseconds] = [0, 16].reduce(
    ([whole, rest], at) => [
      whole + Number(usage.readBigInt64LE(at)),
      rest + Number(usage.readBigInt64LE(at + 8)),
    ],
    [0, 0],
  );
  return seconds * 1000 + microseconds / 1000;
}

/** A control group that only counts: what daemons do with their children is in no getrusage(2). */
export interface CpuGroup {
  /** Moves a process there, and with it all that it will start. */
  add(pid: number): void;
  /** CPU time since it was made, in ms, with that of control groups whose names begin so: a jail moves to its own. */
  used(jails: string): number;
  remove(): Promise<void>;
}

export function makeCpuGroup(name: string): CpuGroup {
  const v2 = readdirSync('/sys/fs/cgroup').includes('cgroup.controllers');
  const top = v2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpuacct';
  const folder = join(top, name);
  mkdirSync(folder);
  const usedBy = (group: string) => {
    if (!v2) return Number(readFileSync(join(top, group, 'cpuacct.usage'), 'utf8')) / 1e6;
    const stat = readFileSync(join(top, group, 'cpu.stat'), 'utf8');
    return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1000;
  };
  return {
    add: (pid) => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    used: (jails) => {
      const groups = readdirSync(top).filter((group) => group.startsWith(jails));
      return [name, ...groups].reduce((sum, group) => sum + usedBy(group), 0);
    },
    async remove() {
      // what was killed takes a moment to leave
      for (let tries = 0; ; tries++) {
        try {
          rmdirSync(folder);
          return;
        } catch (error) {
          if (tries === 100) throw error;
          await sleep(20);
        }
      }
    },
  };
}
