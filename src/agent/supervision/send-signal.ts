import { constants } from 'node:os';
import { z } from 'zod';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { isDeafTo } from '../../jail/lifecycle/stop.ts';
import { isRunning } from '../state/run-file.ts';
import type { ActiveRun } from './active-run.ts';

const signals = Object.keys(constants.signals).filter(
  (name): name is NodeJS.Signals => name in constants.signals,
);

export function signalNamed(name: string): NodeJS.Signals | undefined {
  return signals.find((known) => known === name);
}

export const killSchema = z
  .strictObject({
    signal: z
      .enum(['SIGKILL', ...signals.filter((name) => name !== 'SIGKILL')], 'no signal of that name')
      .default('SIGKILL'),
  })
  .meta({ id: 'Kill' });

/**
 * Sends a signal to a jail's first process; SIGKILL goes to all of them, frozen or not.
 *
 * @throws ProdngError JAIL_STATE when it has ended, or would not notice
 */
export async function sendSignal(run: ActiveRun, signal: string): Promise<void> {
  if (signal === 'SIGKILL') {
    await run.kill();
    return;
  }
  const gone = new ProdngError('JAIL_STATE', `${run.file.record.name} does not run`);
  if (!isRunning(run.file)) throw gone;
  const known = signalNamed(signal);
  if (known !== undefined && isDeafTo(run.pid, known))
    throw new ProdngError(
      'JAIL_STATE',
      `${run.file.record.name}: its first process does not handle ${known}`,
      {
        hint: 'the kernel keeps such signals from the first process of a jail; prodng stop and kill end it',
      },
    );
  try {
    if (known !== undefined) process.kill(run.pid, known);
  } catch (error) {
    throw errnoOf(error) === 'ESRCH' ? gone : error;
  }
}
