import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { readProcesses } from '../metrics/processes.ts';
import { freezeRun } from './freezer.ts';

/**
 * Freezes a run of which the kernel has stopped processes for a policy. These are continued once the freezer holds them,
 * so that they go on when the run is thawed.
 */
export async function freezeStopped(record: RunRecord): Promise<void> {
  const stopped = readProcesses(record).filter(({ state }) => state === 'T');
  await freezeRun(record);
  for (const { pid } of stopped)
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // it was killed meanwhile
    }
}
