import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import type { Paths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import { killCgroup, removeCgroup } from '../confine/cgroup.ts';
import { abandonedJails, type RunRecord, startTimeOf } from './jail-slot.ts';

/**
 * Ends a jail and removes all that it had outside: processes, the control group, and the bundle with the runtime's
 * state in it. Its mounts, its loop devices and its network end with its processes. Doing it twice does no harm.
 */
export async function clearAway(record: RunRecord): Promise<void> {
  killCgroup(record.cgroup, record.cgroups);
  await killFirstProcess(record);
  await removeCgroup(record.cgroup, record.cgroups);
  // an event of its DHCP client may be writing there for a last time
  rmSync(record.bundle, { recursive: true, force: true, maxRetries: 5 });
}

async function killFirstProcess({ pid, startTime }: RunRecord): Promise<void> {
  const lives = () => pid !== undefined && startTime !== undefined && startTimeOf(pid) === startTime;
  if (pid === undefined || !lives()) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
  for (let tries = 0; lives() && tries < 100; tries++) await sleep(10);
}

/** Clears away every jail that was left by a prodng that was killed. */
export async function sweepAbandoned(paths: Paths, progress: Progress): Promise<void> {
  for await (const { record, slot } of abandonedJails(paths)) {
    await clearAway(record);
    slot.release();
    progress.note(`cleared away the jail ${record.id}, whose prodng was killed`);
  }
}
