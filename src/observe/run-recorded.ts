import { runJail } from '../jail/lifecycle/run-jail.ts';
import type { RunJailOptions } from '../jail/lifecycle/run-options.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { Counters } from './counters.ts';
import { Recorder } from './recorder.ts';

/**
 * Runs a jail as runJail does, counts all that it does, and writes the profile when it has ended.
 *
 * @param file where; written whole or not at all
 * @throws ProdngError HOST_LACKS where it cannot be observed: the jail is not started then
 */
export async function runRecorded(options: RunJailOptions, file: string): Promise<number> {
  const counters = new Counters();
  try {
    const recorder = new Recorder(counters, 'record');
    const status = await runJail({ ...options, observer: recorder });
    const profile = await recorder.profile();
    if (profile !== undefined) await writeFileAtomic(file, `${JSON.stringify(profile, undefined, 1)}\n`);
    return status;
  } finally {
    counters.close();
  }
}
