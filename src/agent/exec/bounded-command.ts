import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { controlOf } from './exec-program.ts';
import { startInJail } from './start-in-jail.ts';

/** ms between the signal that asks a program to end and the one that ends it. */
const grace = 1000;

/**
 * Runs a program in a running jail, in the jail's own control group, and waits for its end, which comes: a program that
 * does not end in time gets SIGTERM, and SIGKILL after a grace. When this returns, neither it nor the runtime that has
 * executed it is left on the host.
 *
 * @param timeout ms
 * @returns its exit status, -1 when a signal ended it; undefined when it did not end in time
 * @throws SystemError when the runtime cannot be executed
 */
export async function runBounded(
  record: RunRecord,
  argv: readonly string[],
  timeout: number,
): Promise<number | undefined> {
  const pidFile = join(record.bundle, `bounded-${randomBytes(4).toString('hex')}.pid`);
  const child = startInJail(record, { argv, pidFile, stdio: ['ignore', 'ignore', 'ignore'] });
  const { signal, kill } = controlOf(child, pidFile);
  let isLate = false;
  const timers = [
    setTimeout(() => {
      isLate = true;
      signal('SIGTERM');
    }, timeout),
    setTimeout(kill, timeout + grace),
  ];
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? -1));
    });
    return isLate ? undefined : status;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    rmSync(pidFile, { force: true });
  }
}
