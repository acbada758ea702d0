import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import type { CgroupMode } from '../runtime/runtime.ts';

const mountPoint = '/sys/fs/cgroup';
/** us: cgroups count CPU time in periods. */
const period = 100_000;
/** Bytes: what a monitor itself needs, however little its jail may have. */
const leastMemory = 64 * 2 ** 20;

/** The control group of the programs that serve one jail from outside. */
export function monitorCgroup(cgroup: string): string {
  return `${cgroup}-monitor`;
}

/**
 * Puts the programs that handle what a jail prints into a control group of their own, with the jail's limits: what a jail
 * has others do for it is paid with as much as it may use itself.
 *
 * @param cgroup the jail's
 * @throws SystemError
 */
export function limitMonitors(
  cgroup: string,
  mode: CgroupMode,
  { cpu, memory }: Pick<JailDeclaration, 'cpu' | 'memory'>,
  pids: readonly number[],
): void {
  const quota = Math.max(1000, Math.round((cpu * period) / 100));
  const bytes = String(Math.max(memory, leastMemory));
  const path = monitorCgroup(cgroup);
  const groups: readonly [folder: string, ...limits: [file: string, value: string][]][] =
    mode === 'v2'
      ? [[join(mountPoint, path), ['cpu.max', `${quota} ${period}`], ['memory.max', bytes]]]
      : [
          [
            join(mountPoint, 'cpu', path),
            ['cpu.cfs_period_us', String(period)],
            ['cpu.cfs_quota_us', String(quota)],
          ],
          [join(mountPoint, 'memory', path), ['memory.limit_in_bytes', bytes]],
        ];
  for (const [folder, ...limits] of groups) {
    mkdirSync(folder, { recursive: true });
    for (const [file, value] of limits) writeFileSync(join(folder, file), value);
    for (const pid of pids) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  }
}
