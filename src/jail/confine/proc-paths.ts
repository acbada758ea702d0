import { existsSync } from 'node:fs';

/** The kernel's handles and leaks that even an unprivileged reader has no need of: nothing is seen of them. */
export const maskedPaths: readonly string[] = (
  'acpi asound interrupts kcore keys key-users kmsg kallsyms kpagecount kpageflags kpagecgroup latency_stats ' +
  'modules pressure sched_debug scsi slabinfo swaps timer_list timer_stats vmallocinfo'
)
  .split(' ')
  .map((name) => `/proc/${name}`);

/** What may be read and not written, even by the jail's root. */
export const readonlyPaths: readonly string[] = ['bus', 'driver', 'fs', 'irq', 'sys', 'sysrq-trigger'].map(
  (name) => `/proc/${name}`,
);

/** Those of the paths that this kernel has: every proc has the same. */
export function presentPaths(paths: readonly string[]): string[] {
  return paths.filter((path) => existsSync(path));
}
