import type { ConsistencyCheck, Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import { formatDuration, formatSize } from './quantity.ts';

export const limitChecks: readonly ConsistencyCheck[] = [
  { reads: ['filesystem', 'memory'], find: tmpfsFitsMemory },
  { reads: ['health'], find: healthTimeout },
];

function tmpfsFitsMemory({ filesystem, memory }: JailDeclaration): Inconsistency[] {
  return filesystem.flatMap((mount) => {
    if (mount.kind !== 'tmp' || mount.size <= memory) return [];
    const message =
      `the tmpfs ${mount.path} of ${formatSize(mount.size)} is larger than Memory, which it counts against ` +
      `(${formatSize(memory)}); allowed: a size below it`;
    return [{ code: 'tmpfs-exceeds-memory', field: 'Filesystem', at: mount.path, message }];
  });
}

function healthTimeout({ health }: JailDeclaration): Inconsistency[] {
  if (health === undefined || health.timeout <= health.interval) return [];
  const { interval, timeout } = health;
  const message = `timeout=${formatDuration(timeout)} is longer than interval=${formatDuration(interval)}; allowed: at most that`;
  return [{ code: 'health-timeout-exceeds-interval', field: 'Health', at: 'timeout=', message }];
}
