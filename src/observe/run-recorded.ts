import { runJail } from '../jail/lifecycle/run-jail.ts';
import type { RunJailOptions } from '../jail/lifecycle/run-options.ts';
import type { JailObserver } from '../jail/observer.ts';
import { writeOutput } from '../output/write-output.ts';
import { Counters } from './counters.ts';
import type { KernelRule, Violation } from './kernel-rule.ts';
import { Recorder } from './recorder.ts';

export interface RecordOptions {
  /** Where the profile is written, whole or not at all. */
  file?: string;
  rules?: readonly KernelRule[];
  /** Called before the service starts. @throws ProdngError to refuse the jail */
  admit?: (jail: string) => void;
  /** Told what the rules have met with, when the jail has ended. */
  onViolations?: (violations: readonly Violation[]) => void;
}

/**
 * Runs a jail as runJail does, and counts all that it does.
 *
 * @throws ProdngError HOST_LACKS where it cannot be observed: the jail is not started then
 */
export async function runRecorded(options: RunJailOptions, record: RecordOptions): Promise<number> {
  const counters = new Counters();
  try {
    const recorder = new Recorder(counters, 'record', record.rules);
    const observer: JailObserver = {
      created(pid, jail) {
        record.admit?.(jail.name);
        recorder.created(pid, jail);
      },
      confined: (pid) => recorder.confined(pid),
    };
    const status = await runJail({ ...options, observer });
    const profile = await recorder.profile();
    if (profile !== undefined && record.file !== undefined)
      await writeOutput(record.file, `${JSON.stringify(profile, undefined, 1)}\n`);
    record.onViolations?.(await recorder.violations());
    return status;
  } finally {
    counters.close();
  }
}
