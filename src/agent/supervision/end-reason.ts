import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import type { LastExit } from '../state/state-schema.ts';

/** Who has ended a run on purpose: an operator by stop, kill or a switch of versions; the health checks. */
export type EndedBy = 'operator' | 'health';

/**
 * Tells how and why a run ended. Its control group must still be there.
 *
 * @param status as conmon wrote it: 128 and the number of the signal that ended it; undefined when it could not
 * @param by who has ended it on purpose, as far as the agent knows
 */
export function lastExitOf(record: RunRecord, status: number | undefined, by: EndedBy | undefined): LastExit {
  const signal = status === undefined ? undefined : signalOf(status);
  const reason =
    by ?? (signal === 'SIGKILL' && oomKills(record) > 0 ? 'oom' : signal === undefined ? 'exit' : 'signal');
  return {
    time: new Date().toISOString(),
    reason: status === undefined && by === undefined ? 'unknown' : reason,
    ...(status === undefined ? {} : { status }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** In a few words, for people: `oom`, `signal SIGTERM`, `exit`. */
export function reasonText({ reason, signal }: LastExit): string {
  return reason === 'signal' ? `signal ${signal ?? ''}` : (reason ?? '');
}

function signalOf(status: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => status === 128 + number)?.[0];
}

/** Processes of a run that the kernel killed for want of memory, by its own count: memory.events, memory.oom_control. */
export function oomKills({ cgroup, cgroups }: RunRecord): number {
  const file =
    cgroups === 'v2'
      ? join('/sys/fs/cgroup', cgroup, 'memory.events')
      : join('/sys/fs/cgroup/memory', cgroup, 'memory.oom_control');
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
