import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentContext } from '../agent-context.ts';
import type { ObservationPlan } from '../observation/observation.ts';
import type { RunFile } from '../state/run-file.ts';
import { ActiveRun } from './active-run.ts';
import { clearRun } from './clear-run.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { startRun } from './start-run.ts';

export interface MakeRunOptions {
  /** Whether the jail's own run goes on meanwhile. */
  beside?: boolean;
  /** What must be on disk before the first instruction; the jail is made meanwhile. */
  wanted?: Promise<void> | undefined;
  /** Whether it runs Jail-Prepare instead of the service. */
  isPreparation?: boolean;
}

/** Makes a run of a jail. @throws ProdngError as startRun, and nothing is left of the run */
export async function makeRun(
  name: string,
  plan: LaunchPlan,
  { paths, exits, log, observation }: AgentContext,
  { beside = false, wanted, isPreparation = false }: MakeRunOptions = {},
): Promise<ActiveRun> {
  // what is observed is the service; policies are for both
  const observe: ObservationPlan = isPreparation ? { ...plan.observe, wanted: 'off' } : plan.observe;
  const observer = observation.starting(name, plan.prepared, observe);
  let toClear: RunFile | undefined;
  try {
    const request = { ...plan, name, beside, isPreparation, log, observer };
    const started = await startRun(wanted === undefined ? request : { ...request, wanted }, paths, (run) => {
      toClear = run;
    });
    return new ActiveRun(started.run, plan.declaration, paths, exits, started.network);
  } catch (error) {
    if (toClear !== undefined) await clearRun(toClear, paths, exits);
    throw error;
  }
}

/**
 * Waits until a run of Jail-Prepare has ended, and clears it away.
 *
 * @param interrupted kills it
 * @throws ProdngError JAIL_START when it failed
 */
export async function finishPreparation(
  name: string,
  run: ActiveRun,
  interrupted: AbortSignal,
): Promise<void> {
  const kill = () => void run.kill();
  if (interrupted.aborted) kill();
  interrupted.addEventListener('abort', kill);
  const { status } = await run.ended;
  await run.clear();
  if (status === 0) return;
  const how = interrupted.aborted
    ? 'was ended by another operation'
    : `failed with status ${status ?? 'unknown'}`;
  throw new ProdngError('JAIL_START', `${name}: Jail-Prepare ${how}`, {
    hint: `the service was not started; the next start runs it again. See: prodng logs ${name}`,
  });
}
